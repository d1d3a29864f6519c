"""Whether the daemons stay as small as they begin: a controller and two workers under a steady stream of work.

  python bench/soak.py --minutes 60 --output FILE.json

Experiments are submitted, watched, read over gRPC and HTTP, and deleted when they are old, so that nothing grows by itself. Each
daemon's memory and descriptors are noted every few seconds; the medians of the second and the last tenth of the time are
compared (in the first one caches fill). The trainer is the fault campaign's.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "scenarios"))
from campaign import campaign, plan, processes  # noqa: E402
from campaign.client import Client, Watcher  # noqa: E402
from harness import BIN, num_descriptors, resident_bytes, wait_for  # noqa: E402

KEPT_EXPERIMENTS = 20
SUBMIT_SECONDS = 1.0
SAMPLE_SECONDS = 5.0
MAY_GROW_BYTES, MAY_GROW_DESCRIPTORS = 6 << 20, 6


class Soak:
    def __init__(self, folder):
        self.folder = folder
        self.controller = processes.Process(folder / "controller", folder, os.environ)
        self.workers = [processes.Process(folder / f"worker-{i}", folder, dict(os.environ, FP4_CAMPAIGN_STEP_MS="10",
                                                                                  FP4_CAMPAIGN_JOURNAL="/dev/null")) for i in range(2)]
        for process in (self.controller, *self.workers):
            process.folder.mkdir()
        self.closing, self.num_submitted, self.num_watched = threading.Event(), 0, 0

    def start(self):
        self.controller.launch([BIN / "fp4-controller", "--data-dir", self.controller.folder, "--listen", "127.0.0.1:0", "--http",
                                "127.0.0.1:0"])
        self.endpoints = wait_for("the controller", self.controller.endpoints)
        for worker in self.workers:
            worker.launch([BIN / "fp4-worker", "--controller", self.endpoints["grpc"], "--work-dir", worker.folder, "--http", "127.0.0.1:0",
                           "--slots", 2, "--trainer", processes.TRAINER, "--keep-finished", "20s"])
        self.client = Client(int(self.endpoints["grpc"].rsplit(":", 1)[1]), self.closing)

    def work(self, end):
        """Submits, watches and reads until the time is over."""
        kept, number = [], 0
        while time.monotonic() < end:
            number += 1
            document = plan.document(f"soak-{number}", 24, {"seeds": [1, 2]})
            experiment = self.client.call("CreateExperiment", document=json.dumps(document), request_id=str(number)).experiment
            kept.append((experiment, Watcher(self.client, experiment.id)))
            self.num_submitted += len(experiment.runs)
            self.read(experiment)
            while len(kept) > KEPT_EXPERIMENTS:
                self.retire(*kept.pop(0))
            time.sleep(SUBMIT_SECONDS)
        for experiment, watcher in kept:
            self.retire(experiment, watcher)

    def read(self, experiment):
        run = experiment.runs[0].id
        self.client.call("QueryMetrics", run_id=run, names=["train/loss"])
        self.client.call("Compare", experiment_id=experiment.id)
        self.client.call("ListWorkers")
        for path in ("/metrics", f"/api/v1/runs/{run}", "/api/v1/experiments"):
            with urllib.request.urlopen(f"http://{self.endpoints['http']}{path}", timeout=30) as answer:
                answer.read()

    def retire(self, experiment, watcher):
        if not watcher.finish(60):
            raise AssertionError(f"experiment {experiment.id} did not finish within a minute")
        self.num_watched += len(watcher.events)
        self.client.call("DeleteExperiment", id=experiment.id)

    def sample(self):
        named = {"controller": self.controller, **{f"worker-{i}": worker for i, worker in enumerate(self.workers)}}
        return {name: (resident_bytes(process.process.pid), num_descriptors(process.process.pid)) for name, process in named.items()}

    def close(self):
        self.closing.set()
        for process in (*self.workers, self.controller):
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def compare(samples):
    """Of each daemon the medians early and late."""
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth:2 * tenth] or samples[:1], samples[-tenth:]
    result = {}
    for name in samples[0]:
        figures = {}
        for what, index in (("bytes", 0), ("descriptors", 1)):
            figures[what] = {"early": statistics.median(s[name][index] for s in early), "late": statistics.median(s[name][index] for s in late),
                             "most": max(s[name][index] for s in samples)}
        figures["flat"] = (figures["bytes"]["late"] - figures["bytes"]["early"] <= MAY_GROW_BYTES and
                           figures["descriptors"]["late"] - figures["descriptors"]["early"] <= MAY_GROW_DESCRIPTORS)
        result[name] = figures
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    soak = Soak(pathlib.Path(tempfile.mkdtemp(prefix="fp4-soak-", dir="/dev/shm")))
    samples, start = [], time.monotonic()
    try:
        soak.start()
        failures = []

        def work():
            try:
                soak.work(start + 60 * arguments.minutes)
            except Exception as error:
                failures.append(repr(error))
        worker = threading.Thread(target=work)
        worker.start()
        while worker.is_alive():
            samples.append(soak.sample())
            worker.join(SAMPLE_SECONDS)
    finally:
        with contextlib.suppress(Exception):
            soak.close()
    figures = {**campaign.conditions(), "minutes": round((time.monotonic() - start) / 60, 1), "runs": soak.num_submitted,
               "events_watched": soak.num_watched, "failures": failures, "daemons": compare(samples)}
    if arguments.output:
        arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    return 0 if not failures and all(daemon["flat"] for daemon in figures["daemons"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
