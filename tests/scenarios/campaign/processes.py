"""The processes and disks of one history."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import BIN, can_mount, process_alive  # noqa: E402

TRAINER = pathlib.Path(os.environ.get("FP4_CAMPAIGN_TRAINER", BIN.parent / "tests" / "campaign_trainer"))
DISK_MIB = 96
IS_ROOT = os.geteuid() == 0
READY_SECONDS = 20


def boot_nanoseconds():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Disk:
    """A folder; for root a small filesystem of its own, which can be filled and made read-only."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True)
        self.is_own = IS_ROOT and self._mount("-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs")

    def _mount(self, *arguments):
        return subprocess.run(["mount", *arguments, str(self.path)], capture_output=True).returncode == 0

    def fill(self):
        with contextlib.suppress(OSError), open(self.path / "filling", "wb", buffering=0) as file:
            while file.write(b"x" * 65536):
                pass

    def free(self):
        (self.path / "filling").unlink(missing_ok=True)

    def set_read_only(self, read_only):
        """False where files are open for writing."""
        return self._mount("-o", "remount,ro" if read_only else "remount,rw")

    def remove(self):
        if self.is_own and subprocess.run(["umount", str(self.path)], capture_output=True).returncode != 0:
            subprocess.run(["umount", "-l", str(self.path)], capture_output=True)
        shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A daemon that a history kills and starts again. `down_until`: who watches over it leaves it alone so long."""

    def __init__(self, folder, logs, environment):
        self.folder, self.environment = folder, dict(environment)
        self.log_file = logs / f"{folder.name}.log"
        self.process, self.down_until, self.num_starts = None, 0.0, 0

    def launch(self, command):
        with contextlib.suppress(OSError):
            (self.folder / "endpoints.json").unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], env=self.environment, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.num_starts += 1

    def endpoints(self):
        """Where the present process serves; None: it does not yet."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.folder / "endpoints.json").read_text())
            if self.process is not None and found["pid"] == self.process.pid:
                return found
        return None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def kill(self):
        if self.alive():
            self.process.kill()
        if self.process is not None:
            self.process.wait()


class Controller(Process):
    def __init__(self, disk, logs, environment, lease_seconds):
        super().__init__(disk.path, logs, environment)
        self.disk, self.lease_seconds = disk, lease_seconds

    def start(self):
        self.launch([BIN / "fp4-controller", "--data-dir", self.folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                     "--lease-ttl", f"{self.lease_seconds:g}s", "--min-free-mib", "1"])

    def address(self):
        found = self.endpoints() if self.alive() else None
        if found is None:
            return None
        host, port = found["grpc"].rsplit(":", 1)
        return host, int(port)


class Worker(Process):
    def __init__(self, disk, logs, environment, num_slots, prefix, trainer):
        super().__init__(disk.path, logs, environment)
        self.disk, self.num_slots, self.prefix, self.trainer = disk, num_slots, prefix, trainer
        self.controller = None  # "HOST:PORT"

    def start(self):
        self.launch([*self.prefix, BIN / "fp4-worker", "--controller", self.controller, "--work-dir", self.folder, "--http",
                     "127.0.0.1:0", "--slots", self.num_slots, "--trainer", self.trainer, "--min-free-mib", "1", "--grace", "5s",
                     "--insecure", "--allow-path", "/"])

    def has_started_one(self):
        return any((self.folder / "runs").glob("*/trainer.json"))

    def has_delivered_all(self):
        """Whether the controller has taken the end of each attempt that left something here."""
        for folder in (self.folder / "runs").glob("*"):
            if (folder / "trainer.json").exists():
                with contextlib.suppress(OSError, ValueError):
                    if "settled" in json.loads((folder / "exit.json").read_text()):
                        continue
                return False
        return True

    def trainers(self):
        """Process ids of the trainers that live in the work directory."""
        needle = str(self.folder / "runs").encode()
        pids = []
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit():
                    words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                    if b"--lease-file" in words and needle in b" ".join(words) and process_alive(int(entry)):
                        pids.append(int(entry))
        return pids

    def signal_trainers(self, number):
        pids = self.trainers()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids

    def end(self):
        self.signal(signal.SIGCONT)
        self.kill()
        while self.signal_trainers(signal.SIGKILL):
            time.sleep(0.01)


class Namespace:
    """A network namespace with one cable to this one, which can be pulled. For root only."""

    def __init__(self, number):
        self.name, self.cable, self.far_end = f"fp4c{number}", f"fp4c{number}a", f"fp4c{number}b"
        first = number * 4
        network = f"10.213.{first // 256 % 256}."
        self.host, self.guest = network + str(first % 256 + 1), network + str(first % 256 + 2)
        self.ok = IS_ROOT and all(self._ip(*command.split()) for command in (
            f"netns add {self.name}",
            f"link add {self.cable} type veth peer name {self.far_end} netns {self.name}",
            f"addr add {self.host}/30 dev {self.cable}", f"link set {self.cable} up",
            f"-n {self.name} addr add {self.guest}/30 dev {self.far_end}", f"-n {self.name} link set {self.far_end} up",
            f"-n {self.name} link set lo up"))
        self.prefix = ["ip", "netns", "exec", self.name]

    def _ip(self, *arguments):
        return subprocess.run(["ip", *arguments], capture_output=True).returncode == 0

    def connect(self, connected):
        self._ip("link", "set", self.cable, "up" if connected else "down")

    def remove(self):
        self._ip("link", "del", self.cable)
        self._ip("netns", "del", self.name)
