"""Real processes in temporary folders: what the scenario tests stand on.

Waiting is always for something to be observed (a line of a stream, a file, the end of a process), with a deadline that
only ever fails a test, never passes one.
"""
import contextlib
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FP4_BIN", REPOSITORY / "build" / "bin"))
DEADLINE_SECONDS = float(os.environ.get("FP4_TEST_DEADLINE", "120"))


def wait_for(what, condition, deadline=DEADLINE_SECONDS):
    """Calls `condition` until it gives something true, and returns that."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {deadline:.0f} s: {what}")
        time.sleep(0.05)


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no VmRSS")


def num_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def process_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before or while it was read
        return False


@functools.cache
def can_mount():
    """Whether a process may have mounts of its own: root may, but not in every chroot."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


class Daemon:
    """A daemon with a folder of its own, on the ports that it had before if it is started again."""

    def __init__(self, name, folder, arguments):
        self.name, self.folder, self.arguments = name, pathlib.Path(folder), list(arguments)
        self.process = None
        self.endpoints = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        endpoints = self.folder / "endpoints.json"
        endpoints.unlink(missing_ok=True)
        with open(self.folder / "daemon.log", "ab") as log:
            self.process = subprocess.Popen([BIN / self.name, *self.arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(f"{endpoints}; its log:\n{self.log()}", lambda: self._serving(endpoints))
        return self

    def _serving(self, endpoints):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
        if not endpoints.exists():
            return False
        self.endpoints = json.loads(endpoints.read_text())
        return self.endpoints["pid"] == self.process.pid

    def log(self):
        path = self.folder / "daemon.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within 60 s of SIGTERM:\n{self.log()}")

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.endpoints['http']}/metrics", timeout=10) as answer:
            return answer.read().decode()


class Watch:
    """`fp4ctl watch -o json` in the background; its events as they come."""

    def __init__(self, cluster, *arguments):
        self.process = subprocess.Popen([BIN / "fp4ctl", "watch", *arguments, "-o", "json"], env=cluster.environment(),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events = []

    def until(self, what, condition):
        """Reads on to the first event that meets the condition, and returns it."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if condition(self.events[-1]):
                return self.events[-1]
        raise AssertionError(f"the watch ended before: {what}; {self.process.stderr.read()}")

    def until_step(self, step, attempt=None):
        return self.until(f"step {step}", lambda e: e["type"] == "metrics" and e["step"] >= step and attempt in (None, e["attempt"]))

    def finish(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))
        self.process.wait(timeout=DEADLINE_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.events

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Cluster:
    """A controller and workers; ended with everything that they started when the test ends."""

    def __init__(self, test, num_slots=1, lease_ttl="30s", options=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-scenario-"))
        test.addCleanup(self.close)
        self.controller = Daemon("fp4-controller", self.folder / "controller",
                                 ["--data-dir", self.folder / "controller", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                  "--lease-ttl", lease_ttl, *options]).start()
        # The same ports after a restart: workers and clients come back to them.
        self.controller.arguments = [a.replace("127.0.0.1:0", self.controller.endpoints[{3: "grpc", 5: "http"}[i]]) if i in (3, 5) else a
                                     for i, a in enumerate(self.controller.arguments)]
        self.workers = []
        self.num_slots = num_slots
        self.watches = []

    def start_worker(self, *arguments):
        folder = self.folder / f"worker-{len(self.workers)}"
        worker = Daemon("fp4-worker", folder, ["--controller", self.address(), "--work-dir", folder, "--http", "127.0.0.1:0",
                                               "--slots", str(self.num_slots), *arguments])
        self.workers.append(worker)
        return worker.start()

    def address(self):
        return self.controller.endpoints["grpc"]

    def environment(self):
        return dict(os.environ, FP4_CONTROLLER=self.address(), NO_COLOR="1")

    def ctl(self, *arguments, status=0):
        """Runs fp4ctl; with `-o json` among the arguments the answer is parsed."""
        done = subprocess.run([BIN / "fp4ctl", *map(str, arguments)], env=self.environment(), capture_output=True, text=True,
                              timeout=DEADLINE_SECONDS)
        if status is not None and done.returncode != status:
            raise AssertionError(f"fp4ctl {' '.join(map(str, arguments))}: exit {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if "json" in arguments and done.stdout else done.stdout

    def submit(self, document, *arguments):
        path = self.folder / f"{document['name']}.fp4.json"
        path.write_text(json.dumps(document))
        return self.ctl("submit", path, "-o", "json", *arguments)

    def watch(self, *arguments):
        watch = Watch(self, *arguments)
        self.watches.append(watch)
        return watch

    def run(self, run_id):
        return self.ctl("describe", run_id, "-o", "json")

    def losses(self, run_id):
        return self.ctl("metrics", run_id, "--name", "train/loss", "-o", "json")

    def trainer_pid(self, run_id, attempt=1):
        """The trainer's process, as its worker wrote it down."""
        def read():
            for path in self.folder.glob(f"worker-*/**/{run_id}/trainer.json"):
                with contextlib.suppress(ValueError, FileNotFoundError):
                    state = json.loads(path.read_text())
                    if state["attempt"] == attempt:
                        return state["pid"]
            return None
        return wait_for(f"trainer.json of {run_id}, attempt {attempt}", read)

    def live_trainers(self):
        """Processes of fp4-train, and those beside a run's first, that live in this cluster's folder."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    command = (entry / "cmdline").read_bytes().split(b"\0")
                    if command[0].endswith((b"fp4-train", b"fp4-train-torch")) and str(self.folder).encode() in b" ".join(command) and process_alive(int(entry.name)):
                        pids.append(int(entry.name))
        return pids

    def close(self):
        for watch in self.watches:
            watch.close()
        for daemon in [*self.workers, self.controller]:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()
        for pid in self.live_trainers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def document(name, steps=60, **changes):
    """A small document on the built-in language: a few milliseconds a step."""
    base = {
        "schema_version": 1, "name": name,
        "model": {"preset": "micro", "d_model": 32, "num_layers": 2, "num_heads": 2, "d_ff": 64, "sequence_length": 32},
        "data": {"source": "synthetic"},
        "training": {"steps": steps, "micro_batch_size": 4, "eval_interval": steps, "eval_batches": 1, "log_interval": 1},
        "checkpoint": {"interval_steps": max(1, steps // 4)}, "resources": {"gpus": 0}, "seeds": [1],
    }
    for key, value in changes.items():
        base[key] = {**base[key], **value} if isinstance(base.get(key), dict) else value
    return base


class Scenario(unittest.TestCase):
    maxDiff = None

    def assert_whole_curve(self, points, steps):
        self.assertEqual([p["step"] for p in points], list(range(1, steps + 1)))
