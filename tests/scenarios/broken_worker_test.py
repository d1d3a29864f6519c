"""Workers that cannot do their work, and work that must not be thrown away by it."""
import os
import shutil
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

from checkpoints_test import stored
from harness import BIN, Cluster, Scenario, document, process_alive, wait_for


def health(daemon):
    """Status and body of /healthz."""
    try:
        with urllib.request.urlopen(f"http://{daemon.endpoints['http']}/healthz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def metric(daemon, name):
    for line in daemon.metrics().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    raise AssertionError(f"{daemon.name} has no metric {name}")


class TrainerIsGone(Scenario):
    def test_a_worker_without_its_trainer_costs_no_run_anything_and_recovers(self):
        cluster = Cluster(self)
        trainer = cluster.folder / "own-trainer"
        trainer.symlink_to(BIN / "fp4-train")
        broken = cluster.start_worker("--trainer", trainer)
        cluster.start_worker()
        wait_for("both workers", lambda: len(cluster.ctl("status", "-o", "json")["workers"]) == 2)
        trainer.unlink()
        submitted = cluster.submit(document("twelve", steps=4, seeds=list(range(1, 13)), retry={"max_restarts": 0}))

        watch = cluster.watch(submitted["experiment"])
        watch.finish()
        self.assertEqual(watch.process.returncode, 0)
        self.assertEqual([cluster.run(r["id"])["state"] for r in submitted["runs"]], ["completed"] * 12)
        status, why = wait_for("/healthz to say so", lambda: (lambda h: h if h[0] == 503 else None)(health(broken)))
        self.assertIn(f"the trainer {trainer} cannot be started", why)
        problems = [w["problem"] for w in cluster.ctl("status", "-o", "json")["workers"] if w["problem"]]
        self.assertEqual(len(problems), 1)
        self.assertIn(str(trainer), problems[0])
        self.assertIn(str(trainer), cluster.ctl("status"))
        wait_for("the metrics", lambda: metric(cluster.controller, "fp4_controller_workers_unfit") == 1)

        trainer.symlink_to(BIN / "fp4-train")
        wait_for("the worker to recover", lambda: health(broken) == (200, "ok\n"))
        wait_for("the metrics", lambda: metric(cluster.controller, "fp4_controller_workers_unfit") == 0)


class DiskIsFull(Scenario):
    def mount(self, folder, megabytes):
        folder.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"a full disk is not tried, no right to mount a small one: {done.stderr}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)

    def test_a_disk_that_fills_during_a_run_sends_the_run_elsewhere(self):
        cluster = Cluster(self)
        small = cluster.folder / "worker-0"
        self.mount(small, megabytes=32)
        worker = cluster.start_worker("--min-free-mib", "8")
        run = cluster.submit(document("fills", steps=100000, checkpoint={"interval_steps": 20}, retry={"max_restarts": 0}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a checkpoint", lambda e: e["type"] == "checkpoint")
        with open(small / "filler", "wb") as filler:
            try:
                while True:
                    filler.write(b"x" * 65536)
                    filler.flush()
            except OSError:
                pass
        cluster.start_worker()
        change = watch.until("the run to be queued again", lambda e: e["type"] == "state" and e["state"] == "queued" and e["attempt"] == 1)
        self.assertEqual(change["reason"], "disk_full")
        self.assertIn(str(small), change["message"])
        watch.until("a step on the other worker", lambda e: e["type"] == "metrics" and e["attempt"] >= 2)
        self.assertEqual(cluster.run(run)["num_restarts"], 0)
        wait_for("/healthz to say so", lambda: health(worker)[0] == 503)
        (small / "filler").unlink()
        wait_for("the worker to recover", lambda: health(worker) == (200, "ok\n"))
        cluster.ctl("cancel", run, status=None)


class WorkerFallsSilent(Scenario):
    def test_the_checkpoint_that_is_stored_survives_a_trainer_that_goes_on(self):
        cluster = Cluster(self, lease_ttl="8s")
        silent = cluster.start_worker()
        run = cluster.submit(document("silent", steps=100000, checkpoint={"interval_steps": 25, "keep_last": 2}))["runs"][0]["id"]
        watch = cluster.watch(run)
        trainer = cluster.trainer_pid(run)
        newest = wait_for("a stored checkpoint", lambda: max((step for step in stored(cluster, run) if step >= 50), default=None))
        silent.process.send_signal(signal.SIGSTOP)
        self.addCleanup(silent.kill)
        cluster.start_worker()
        started = watch.until("the second attempt", lambda e: e["type"] == "started" and e["attempt"] == 2)
        self.assertIn(started["resumed_from_step"], [e["step"] for e in watch.events if e["type"] == "checkpoint" and e["attempt"] == 1])
        self.assertGreaterEqual(started["resumed_from_step"], newest)
        self.assertFalse(process_alive(trainer), "the silent worker's trainer has ended with its lease")
        changes = [e for e in watch.events if e["type"] == "state" and e["attempt"] == 2]
        self.assertNotIn("restarted_from_zero", [e.get("reason") for e in changes])
        self.assertEqual(metric(cluster.controller, "fp4_controller_restarts_from_zero_total"), 0)
        cluster.ctl("cancel", run, status=None)


class CheckpointsAreGone(Scenario):
    def test_beginning_at_step_zero_again_is_said_and_counted(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(document("from-zero", steps=100000, checkpoint={"interval_steps": 25}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a checkpoint", lambda e: e["type"] == "checkpoint")
        trainer = cluster.trainer_pid(run)
        os.kill(trainer, signal.SIGSTOP)
        wait_for("all that is written to be stored", lambda: cluster.run(run)["step"] > 0)
        for checkpoints in cluster.folder.glob(f"worker-0/**/{run}/checkpoints"):
            shutil.rmtree(checkpoints)
        # The controller's own copies too: as if its disk had lost them.
        shutil.rmtree(cluster.folder / "controller" / "artifacts")
        os.kill(trainer, signal.SIGKILL)
        change = watch.until("the second attempt to run", lambda e: e["type"] == "state" and e["state"] == "running" and e["attempt"] == 2)
        self.assertEqual(change["reason"], "restarted_from_zero")
        self.assertRegex(change["message"], "begins at step 0 again: the stored checkpoint of step .* could not be read")
        self.assertEqual(cluster.run(run)["reason"], "restarted_from_zero")
        self.assertEqual(metric(cluster.controller, "fp4_controller_restarts_from_zero_total"), 1)
        self.assertEqual(metric(cluster.controller, "fp4_controller_checkpoints_passed_over_total"), 1)
        cluster.ctl("cancel", run, status=None)


if __name__ == "__main__":
    unittest.main()
