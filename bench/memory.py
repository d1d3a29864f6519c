#!/usr/bin/env python3
"""What runs hold in memory, by the trainer's own numbers and by the kernel's, side by side.

    bench/memory.py examples/memory.json [--variant baseline …] [--seed 1] [--fp4-train build/bin/fp4-train]

For each variant one run. The columns in MiB: weights, gradients and optimizer state (memory/state_bytes), the peak of all
memory (the largest memory/peak_bytes), and what /proc says of the process: the most that RssAnon was, and that less what
it was before the program had read its document, when only libraries were there. Then tokens a second, and the seconds of
processors that the whole run took, which other work on the machine does not change much.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

MIB = 1 << 20
SECONDS_BETWEEN_LOOKS = 0.005


def anonymous_bytes(pid):
    """Of the process's pages those that no file backs; 0 when it is gone."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def library_bytes(trainer):
    """RssAnon of a trainer that has loaded its libraries and does nothing else: it waits for its output to be read."""
    with tempfile.TemporaryDirectory() as folder:
        fifo = pathlib.Path(folder) / "run.json"
        subprocess.run(["mkfifo", str(fifo)], check=True)
        process = subprocess.Popen([trainer, str(fifo), "--run-dir", folder + "/run", "--device", "cpu"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = -1
        while (now := anonymous_bytes(process.pid)) != before or now < MIB:
            before = now
            time.sleep(0.5)
        process.kill()
        process.wait()
        return now


def run(trainer, document, variant, seed, folder):
    """(the events' metrics by name as lists, the most that RssAnon was)."""
    command = [trainer, document, "--run-dir", folder, "--device", "cpu", "--seed", str(seed)]
    if variant is not None:
        command += ["--variant", variant]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_bytes(process.pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {process.stderr.read()}")
    values = {}
    for line in (pathlib.Path(folder) / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "metrics":
            for name, value in event["values"].items():
                values.setdefault(name, []).append(value)
        if event["type"] == "decision":
            values.setdefault("computed", []).append(event["bytes"])
    return values, peak


def computed_columns(values):
    computed = values["computed"][-1]
    measured = max(values["memory/state_bytes"]) + max(values["memory/activations_bytes"])
    return f"{computed / MIB:>10.1f}{measured / MIB:>10.1f}{computed / measured - 1:>+8.1%}"


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document")
    parser.add_argument("--variant", action="append", help="may be given more than once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fp4-train", default="build/bin/fp4-train")
    parser.add_argument("--computed", action="store_true", help="of runs with a budget in training_bytes")
    options = parser.parse_args()
    libraries = library_bytes(options.fp4_train)
    print(f"libraries alone: {libraries / MIB:.1f} MiB of RssAnon\n")
    print(f"{'variant':<16}{'state':>9}{'saved':>8}{'peak':>9}{'RssAnon':>9}{'less libs':>10}{'off by':>8}{'tok/s':>9}{'CPU s':>8}"
          + (f"{'computed':>10}{'measured':>10}{'off by':>8}" if options.computed else ""))
    first = None
    for variant in options.variant or [None]:
        before = processor_seconds()
        with tempfile.TemporaryDirectory() as folder:
            values, anonymous = run(options.fp4_train, options.document, variant, options.seed, folder)
        state, peak = values["memory/state_bytes"][-1], max(values["memory/peak_bytes"])
        first = first or state
        measured = anonymous - libraries
        seconds = processor_seconds() - before
        print(f"{variant or 'default':<16}{state / MIB:>9.1f}{1 - state / first:>8.1%}{peak / MIB:>9.1f}{anonymous / MIB:>9.1f}"
              f"{measured / MIB:>10.1f}{peak / measured - 1:>+8.1%}{statistics.median(values['train/tokens_per_second']):>9.0f}{seconds:>8.1f}"
              + (computed_columns(values) if options.computed else ""))


if __name__ == "__main__":
    main()
