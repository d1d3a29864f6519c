"""One history: a cluster, its users and its faults, and what the model says of the outcome."""
import contextlib
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time
import traceback

import grpc

from . import faults, model, processes
from .client import FINISHED, Client, Closing, Watcher
from .proxy import Proxies

SETTLE_SECONDS = float(os.environ.get("FP4_CAMPAIGN_SETTLE", "60"))
DELIVERY_SECONDS = 20.0
ROOT = pathlib.Path("/dev/shm") if pathlib.Path("/dev/shm").is_dir() else pathlib.Path(tempfile.gettempdir())


class History:
    def __init__(self, plan, number, planted=None):
        self.plan, self.number, self.planted = plan, number, planted
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"fp4-campaign-{plan.seed}-", dir=ROOT))
        self.retries = {}  # run -> how often it may have come to an end
        self.violations, self.skipped, self.continued, self.recoveries, self.measured = [], {}, [], [], []
        self.closing, self.over = threading.Event(), threading.Event()
        self.experiments, self.watchers, self.acknowledged, self.searches = {}, [], [], {}
        self._held, self._lock = set(), threading.Lock()
        self.turns = {"controller": threading.Lock(), "worker": threading.Lock()}

    # ---- What faults and users use.
    def violate(self, rule, detail):
        with self._lock:
            self.violations.append(f"{rule}: {detail}")

    def skip(self, kind, why):
        self.skipped[kind] = why

    def sleep(self, seconds):
        self.over.wait(seconds)

    def wait_until(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.is_set():
            if condition():
                return True
            time.sleep(0.02)
        return False

    def newest_attempts(self):
        """By run the latest attempt of which a trainer has noted a step."""
        journal, newest = self.folder / "journal", {}
        for line in journal.read_text().splitlines() if journal.exists() else []:
            run, attempt, *rest = line.split()
            if len(rest) == 3:  # not the last line's beginning
                newest[run] = max(int(attempt), newest.get(run, 0))
        return newest

    @contextlib.contextmanager
    def held(self, process):
        """Meanwhile nobody starts it again."""
        with self._lock:
            self._held.add(process)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(process)

    # ---- The cluster.
    def _environment(self, points, clock, planted=None):
        entries = [*points, *([f"{planted}:1/1"] if planted else [])]
        environment = dict(os.environ, FP4_CLOCK_SHIFT=str(clock), FP4_FAULTS_FIRED=str(self.folder / "fired"),
                           FP4_CAMPAIGN_JOURNAL=str(self.folder / "journal"),
                           FP4_CAMPAIGN_STEP_MS="10", FP4_CAMPAIGN_STATE_BYTES=str(self.plan.state_bytes))
        environment.pop("FP4_FAULTS", None)
        if entries:
            environment["FP4_FAULTS"] = ",".join(entries)
        return environment

    def build(self):
        plan = self.plan
        for name in ("fired", "logs"):
            (self.folder / name).mkdir()
        self.clocks = [self.folder / f"clock-{i}" for i in range(plan.num_workers + 1)]
        for clock in self.clocks:
            clock.write_text("0")
        self.proxies = Proxies()
        self.disks = [processes.Disk(self.folder / name) for name in ("controller", *(f"worker-{i}" for i in range(plan.num_workers)))]
        logs = self.folder / "logs"
        self.controller = processes.Controller(self.disks[0], logs, self._environment(plan.controller_points, self.clocks[-1], self.planted),
                                               plan.lease_seconds)
        self.client_link = self.proxies.link(self.controller.address)
        self.watch_link = self.proxies.link(self.controller.address)
        wants_namespace = any(fault.kind == "partition" for fault in plan.faults)
        self.namespace = processes.Namespace(self.number) if wants_namespace else None
        if self.namespace is not None and not self.namespace.ok:
            self.namespace.remove()
            self.namespace = None
        self.workers, self.worker_links = [], []
        cut_off = next((fault.worker for fault in plan.faults if fault.kind == "partition"), None)
        for i in range(plan.num_workers):
            behind = self.namespace if i == cut_off else None
            link = self.proxies.link(self.controller.address, behind.host if behind else "127.0.0.1")
            prefix = list(behind.prefix) if behind else []
            if plan.far and not processes.can_mount():
                self.skip("far", "mounts of a worker's own need root, and no chroot")
            elif plan.far:
                artifacts = self.controller.folder / "artifacts"
                prefix += ["unshare", "-m", "sh", "-c", f'mkdir -p {artifacts} && mount -t tmpfs none {artifacts} && exec "$@"', "sh"]
            worker = processes.Worker(self.disks[i + 1], logs, self._environment(plan.worker_points, self.clocks[i]), plan.num_slots,
                                      prefix, processes.TRAINER)
            worker.controller = f"{behind.host if behind else '127.0.0.1'}:{link.port}"
            self.workers.append(worker)
            self.worker_links.append(link)
        self.links = [self.client_link, self.watch_link, *self.worker_links]
        self.client = Client(self.client_link.port, self.closing)
        self.watch_client = Client(self.watch_link.port, self.closing)

    def _keep_alive(self):
        """Starts what a fault point has killed."""
        while not self.over.is_set():
            for process in (self.controller, *self.workers):
                with self._lock:
                    if process in self._held or process.alive() or time.monotonic() < process.down_until:
                        continue
                    died = process.process is not None
                    process.start()
                if died:
                    self.recoveries.append(["restart", time.monotonic()])
            time.sleep(0.02)

    # ---- The users.
    def _submit(self, submit):
        self.sleep(submit.at)
        with contextlib.suppress(Closing):
            text = model.document_text(submit.document)
            request = {"document": text, "document_name": "campaign", "request_id": f"{self.plan.seed}-{submit.number}"}
            answers = []
            def create():
                with contextlib.suppress(Closing):
                    answers.append(self.client.call("CreateExperiment", **request).experiment)
            twin = threading.Thread(target=create, daemon=True)
            if submit.twice:
                twin.start()
            create()
            if submit.twice:
                twin.join()
            if not answers:
                return
            self.experiments[submit.number] = answers[0].id
            if len({answer.id for answer in answers}) > 1:
                self.violate("one request made two experiments", [answer.id for answer in answers])
            self.watchers.append(Watcher(self.watch_client, answers[0].id))
            if submit.cancel_after:
                self._cancel(submit, answers[0])

    def _cancel(self, submit, experiment):
        self.sleep(submit.cancel_after)
        if submit.document.get("search"):
            self.client.call("CancelExperiment", id=experiment.id)
            self.acknowledged.append(("cancel-experiment", experiment.id))
            return
        run = experiment.runs[0].id
        self.client.call("CancelRun", id=run)
        self.acknowledged.append(("cancel", run))
        if submit.retry and self.wait_until(lambda: self._state(run) in FINISHED, 10):
            self.retries[run] = {1, 2}
            try:
                self.client.call("RetryRun", id=run)
                self.retries[run] = {2}
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
                    raise

    def _state(self, run):
        return self.client.call("GetRun", id=run).state

    def _fault(self, fault):
        self.sleep(fault.at)
        faults.apply(self, fault)
        self.recoveries.append([fault.kind, time.monotonic()])

    def _guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Closing:
            pass
        except grpc.RpcError as error:
            self.violate("a call was refused", f"{error.code().name}: {error.details()}")
        except Exception:
            self.violate("the driver", traceback.format_exc())

    # ---- The whole.
    def run(self):
        keeper = None
        try:
            self.build()
            keeper = threading.Thread(target=self._guarded, args=(self._keep_alive,), daemon=True)
            keeper.start()
            threads = [threading.Thread(target=self._guarded, args=(self._submit, s), daemon=True) for s in self.plan.submits]
            threads += [threading.Thread(target=self._guarded, args=(self._fault, f), daemon=True) for f in self.plan.faults]
            for thread in threads:
                thread.start()
            end = time.monotonic() + SETTLE_SECONDS
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
                if thread.is_alive():
                    self.violate("nothing settles", f"a user or a fault is still busy after {SETTLE_SECONDS:.0f} s")
            if not self.violations:
                self._settle(end)
            self._note_recoveries()
            if not self.violations:
                model.check(self)
        except Exception:
            self.violate("the driver", traceback.format_exc())
        finally:
            self.closing.set()
            self.over.set()
            if keeper is not None:
                keeper.join(5)
            self._end()
        return self.violations

    def _settle(self, end):
        def settled():
            for experiment in self.experiments.values():
                found = self.client.call("GetExperiment", id=experiment)
                if found.num_finished < found.num_runs or (found.HasField("search") and not found.search.ended):
                    return False
            return True
        while not settled():
            if time.monotonic() > end:
                runs = [f"{run.id} {run.state} attempt {run.attempt} {run.message}" for experiment in self.experiments.values()
                        for run in self.client.call("GetExperiment", id=experiment).runs if run.state not in FINISHED]
                return self.violate("nothing settles", f"unfinished after {SETTLE_SECONDS:.0f} s: {runs}")
            time.sleep(0.2)
        # A worker that comes back tells what its trainers still did, even of runs that have come to their end without it.
        self.wait_until(lambda: all(worker.has_delivered_all() for worker in self.workers), DELIVERY_SECONDS)
        return None

    def _note_recoveries(self):
        """From a fault's end to the next event that a watcher saw; those after which nothing was left to do do not count."""
        times = sorted(at for watcher in self.watchers for at in watcher.times)
        self.measured = [(kind, next((at - end for at in times if at >= end), None)) for kind, end in list(self.recoveries)]

    def _end(self):
        for process in getattr(self, "workers", []):
            process.end()
        if hasattr(self, "controller"):
            self.controller.signal(signal.SIGCONT)
            self.controller.kill()
        for watcher in self.watchers:
            watcher.finish(0)
        for name in ("client", "watch_client", "proxies"):
            if hasattr(self, name):
                getattr(self, name).close()
        if getattr(self, "namespace", None) is not None:
            self.namespace.remove()

    def keep(self, target):
        """Copies what a failed history has left to a folder on the disk."""
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns("filling", "*.safetensors"), symlinks=True)
        (target / "plan.json").write_text(self.plan.describe())
        (target / "violations").write_text("\n".join(self.violations) + "\n")

    def remove(self):
        for disk in getattr(self, "disks", []):
            disk.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
