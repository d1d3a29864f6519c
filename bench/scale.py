"""What one controller takes: placements over gRPC, the way from a submit to a running trainer, and workers that only wait.

  python bench/scale.py [--workers 1,100,10000] [--output FILE.json]

Starts fp4-controller on loopback with its database in memory (/dev/shm) and, for the second part, an fp4-worker with the fault
campaign's trainer. The simulated workers are bench/scale_bench, with a connection each.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "scenarios"))
from campaign import campaign, plan, processes  # noqa: E402
from campaign.client import Client, Watcher  # noqa: E402
from harness import BIN, num_descriptors, resident_bytes, wait_for  # noqa: E402

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
NUM_SUBMITS = 100


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


class Controller:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-scale-", dir="/dev/shm"))
        self.process = processes.Process(self.folder / "controller", self.folder, os.environ)
        self.process.folder.mkdir()

    def __enter__(self):
        self.process.launch([BIN / "fp4-controller", "--data-dir", self.process.folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"])
        self.address = wait_for("the controller", self.process.endpoints)["grpc"]
        self.pid = self.process.process.pid
        return self

    def __exit__(self, *_):
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def place(num_runs, num_workers):
    with Controller() as controller:
        before = cpu_seconds(controller.pid)
        done = subprocess.run([BIN / "scale_bench", controller.address, "place", str(num_runs), str(num_workers)], capture_output=True,
                              text=True, check=True)
        return {**json.loads(done.stdout), "controller_cpu_ms_per_run": 1e3 * (cpu_seconds(controller.pid) - before) / num_runs}


def wait_for_work(num_workers, seconds=40):
    with Controller() as controller:
        bare = resident_bytes(controller.pid)
        bench = subprocess.Popen([BIN / "scale_bench", controller.address, "idle", str(num_workers), str(seconds + 30)],
                                 stdout=subprocess.PIPE, text=True)
        try:
            told = json.loads(bench.stdout.readline())
            time.sleep(5)
            before, start = cpu_seconds(controller.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_seconds(controller.pid) - before) / (time.monotonic() - start)
            return {**told, "controller_cpu_share": share, "descriptors": num_descriptors(controller.pid),
                    "resident_bytes": resident_bytes(controller.pid), "bytes_per_worker": (resident_bytes(controller.pid) - bare) / num_workers}
        finally:
            bench.kill()
            bench.wait()


def submit_to_start():
    """From the call to the moment at which the worker notes the trainer's process, on an idle cluster."""
    with Controller() as controller:
        folder = controller.folder / "worker"
        folder.mkdir()
        worker = processes.Process(folder, controller.folder, dict(os.environ, FP4_CAMPAIGN_STEP_MS="1", FP4_CAMPAIGN_JOURNAL="/dev/null"))
        worker.launch([BIN / "fp4-worker", "--controller", controller.address, "--work-dir", folder, "--http", "127.0.0.1:0", "--trainer",
                       processes.TRAINER])
        wait_for("the worker", worker.endpoints)
        client = Client(int(controller.address.rsplit(":", 1)[1]), threading.Event())
        wait_for("the worker's registration", lambda: client.call("ListWorkers").workers)
        seconds = []
        try:
            for number in range(NUM_SUBMITS):
                document = json.dumps(plan.document(f"start-{number}", 2, {"seeds": [1]}))
                start = time.time()
                experiment = client.call("CreateExperiment", document=document).experiment
                note = folder / "runs" / experiment.runs[0].id / "trainer.json"
                while not note.exists():
                    time.sleep(0.0005)
                seconds.append(note.stat().st_mtime - start)
                Watcher(client, experiment.id).finish(60)
        finally:
            client.close()
            worker.kill()
        seconds.sort()
        return {"submits": len(seconds), "p50_ms": 1e3 * statistics.median(seconds), "p90_ms": 1e3 * seconds[int(0.9 * len(seconds))],
                "max_ms": 1e3 * seconds[-1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", default="1,100,10000", help="how many wait, one measurement each")
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    figures = {**campaign.conditions(), "load_before": os.getloadavg()[0], "place": [place(10_000, 200) for _ in range(3)],
               "submit_to_start": submit_to_start(), "idle": [wait_for_work(int(count)) for count in arguments.workers.split(",")]}
    if arguments.output:
        arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
