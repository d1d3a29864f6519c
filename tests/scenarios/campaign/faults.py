"""The faults that come at a time: one function each, which makes the fault, waits, and mends it."""
import contextlib
import os
import shutil
import signal
import struct
import time

from . import processes


# So long a fault waits for the worker to have something to lose.
BUSY_SECONDS = 2.0
# And so long for another worker to train what it had.
TAKEN_SECONDS = 8.0


def _when_busy(history, fault):
    worker = history.workers[fault.worker]
    history.wait_until(worker.has_started_one, BUSY_SECONDS)
    history.sleep(fault.seconds / 8)
    return worker


def kill_controller(history, fault):
    history.controller.down_until = time.monotonic() + fault.seconds / 4
    history.controller.kill()


def kill_worker(history, fault):
    worker = _when_busy(history, fault)
    worker.down_until = time.monotonic() + fault.seconds
    worker.kill()
    time.sleep(fault.seconds)


def kill_trainer(history, fault):
    _when_busy(history, fault).signal_trainers(signal.SIGKILL)


def freeze_worker(history, fault):
    """In one half of the histories its trainers are frozen too, as by a host that is suspended."""
    worker = _when_busy(history, fault)
    worker.signal(signal.SIGSTOP)
    frozen = worker.signal_trainers(signal.SIGSTOP) if fault.amount > 0 else []
    before = history.newest_attempts()
    history.sleep(fault.seconds)
    if fault.until_taken:
        history.wait_until(lambda: any(attempt > before.get(run, attempt) for run, attempt in history.newest_attempts().items()),
                           TAKEN_SECONDS)
    history.continued += [(pid, processes.boot_nanoseconds()) for pid in frozen]
    for pid in frozen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    worker.signal(signal.SIGCONT)


def freeze_controller(history, fault):
    history.controller.signal(signal.SIGSTOP)
    history.sleep(fault.seconds)
    history.controller.signal(signal.SIGCONT)


def _with_links(history, fault, **state):
    for link in history.links:
        history.proxies.set(link, **state)
    history.sleep(fault.seconds)
    for link in history.links:
        history.proxies.set(link)


def cut(history, fault):
    _with_links(history, fault, mode="cut")


def delay(history, fault):
    _with_links(history, fault, delay=0.02 + abs(fault.seconds) / 8)


def silence(history, fault):
    """One worker's link takes everything and passes nothing on."""
    _when_busy(history, fault)
    link = history.worker_links[fault.worker]
    history.proxies.set(link, mode="silent")
    history.sleep(fault.seconds)
    history.proxies.set(link)


def partition(history, fault):
    if history.namespace is None:
        return history.skip("partition", "network namespaces need root")
    _when_busy(history, fault)
    history.namespace.connect(False)
    history.sleep(fault.seconds)
    history.namespace.connect(True)
    return None


def _fill(history, fault, disk):
    if not disk.is_own:
        return history.skip(fault.kind, "a filesystem of its own needs root")
    disk.fill()
    history.sleep(fault.seconds)
    disk.free()
    return None


def disk_full_controller(history, fault):
    return _fill(history, fault, history.controller.disk)


def disk_full_worker(history, fault):
    return _fill(history, fault, history.workers[fault.worker].disk)


def read_only(history, fault):
    """A controller that is started on a database that it cannot write says so and ends; it starts once it can."""
    controller = history.controller
    if not controller.disk.is_own:
        return history.skip("read-only", "a filesystem of its own needs root")
    with history.held(controller):
        controller.kill()
        if not controller.disk.set_read_only(True):
            return history.skip("read-only", "the filesystem is in use")
        try:
            controller.start()
            history.wait_until(lambda: not controller.alive(), processes.READY_SECONDS)
            if controller.alive() or controller.process.returncode != 1:
                history.violate("a controller started on a read-only database", f"exit status {controller.process.returncode}")
                controller.kill()
        finally:
            controller.disk.set_read_only(False)
    return None


def torn_wal(history, fault):
    """What a power failure leaves in the middle of a write: the head of a frame behind the last commit."""
    controller = history.controller
    with history.held(controller):
        controller.kill()
        wal = controller.folder / "fp4.db-wal"
        with contextlib.suppress(OSError):
            size = wal.stat().st_size
            if size >= 32:
                salt = wal.read_bytes()[16:24]
                with open(wal, "ab") as file:
                    file.write(struct.pack(">II", 2, 2) + salt + os.urandom(8 + int(fault.seconds * 3000)))
    return None


def clock_jump(history, fault):
    target = history.clocks[fault.worker if fault.seconds > 0.5 else -1]
    target.write_text(str(fault.amount))


def host_lost(history, fault):
    """A worker's host is gone with its disk; another one takes its place."""
    worker = _when_busy(history, fault)
    with history.held(worker):
        worker.end()
        for child in worker.folder.iterdir():
            if child.is_dir():
                shutil.rmtree(child, ignore_errors=True)
            else:
                child.unlink(missing_ok=True)


# Faults that would undo each other come one after the other: what they have in their hands.
TAKES = {"kill-controller": "controller", "freeze-controller": "controller", "disk-full-controller": "controller", "read-only": "controller",
         "torn-wal": "controller", "kill-worker": "worker", "freeze-worker": "worker", "disk-full-worker": "worker", "host-lost": "worker"}


def apply(history, fault):
    with history.turns[TAKES[fault.kind]] if fault.kind in TAKES else contextlib.nullcontext():
        globals()[fault.kind.replace("-", "_")](history, fault)
