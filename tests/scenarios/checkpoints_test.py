"""Checkpoints that outlive their host, and copies of everything."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import harness


def stored(cluster, run):
    """The steps that the controller holds, newest first."""
    return [c["step"] for c in cluster.ctl("checkpoints", "ls", run, "-o", "json") if c["where"] == "controller"]


def resumed_from(cluster, run, attempt):
    """The step at which the attempt began."""
    for line in cluster.ctl("events", run, "--output=json").splitlines():
        event = json.loads(line)
        if event["type"] == "started" and event["attempt"] == attempt:
            return event["resumed_from_step"]
    raise AssertionError(f"attempt {attempt} of {run} has not started")


def lose_host(worker, cluster, run, attempt):
    """The worker, its trainer and its disk are gone at once."""
    trainer = cluster.trainer_pid(run, attempt)
    worker.kill()
    with contextlib.suppress(ProcessLookupError):
        os.kill(trainer, signal.SIGKILL)
    shutil.rmtree(worker.folder)


class HostGone(harness.Scenario):
    def test_a_run_whose_host_is_gone_goes_on_elsewhere_from_the_newest_stored_checkpoint(self):
        cluster = harness.Cluster(self, lease_ttl="6s")
        first = cluster.start_worker()
        run = cluster.submit(harness.document("gone", steps=4000, checkpoint={"interval_steps": 200}))["runs"][0]["id"]
        harness.wait_for("a stored checkpoint", lambda: stored(cluster, run))
        lose_host(first, cluster, run, attempt=1)
        newest = stored(cluster, run)[0]
        second = cluster.start_worker()
        harness.wait_for("attempt 2", lambda: cluster.run(run)["attempt"] == 2 and cluster.run(run)["state"] == "running")
        self.assertEqual(resumed_from(cluster, run, attempt=2), newest)
        self.assertNotEqual(cluster.run(run)["reason"], "restarted_from_zero")
        cluster.ctl("cancel", run)
        self.assertIn("fp4_worker_checkpoints_fetched_total 1", second.metrics().splitlines())


class Uploads(harness.Scenario):
    @unittest.skipUnless(harness.can_mount(), "needs root: the worker must not see the controller's folder")
    def test_an_upload_in_pieces_survives_a_controller_that_is_killed_and_comes_back_byte_for_byte(self):
        cluster = harness.Cluster(self)
        artifacts = cluster.controller.folder / "artifacts"
        folder = cluster.folder / "worker-0"
        folder.mkdir()
        # A file system of its own hides the artifact folder from the worker, as another host would.
        script = f'mount -t tmpfs none "{artifacts}" && exec "{harness.BIN / "fp4-worker"}" "$@"'
        with open(folder / "daemon.log", "ab") as log:
            worker = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", "--controller", cluster.address(), "--work-dir", folder,
                                       "--http", "127.0.0.1:0", "--upload-mib-per-second", "2"], stdout=log, stderr=log)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        run = cluster.submit(harness.document("large", steps=4, model={"d_model": 128, "num_layers": 4, "num_heads": 4, "d_ff": 512},
                                              checkpoint={"interval_steps": 4}))["runs"][0]["id"]
        incoming = artifacts / "incoming"
        part = harness.wait_for("a part", lambda: next((p for p in incoming.glob("*.part") if p.stat().st_size > 0), None))
        cluster.controller.kill()
        before = part.stat().st_size
        cluster.controller.start()
        harness.wait_for("the checkpoint", lambda: stored(cluster, run) == [4])
        self.assertGreater(before, 0)
        self.assertFalse(list(incoming.glob("*.part")))
        listed = cluster.ctl("checkpoints", "ls", run, "-o", "json")[0]
        self.assertEqual(listed["kept_as"].split(",")[0], "last")
        cluster.ctl("checkpoints", "download", run, "--dir", cluster.folder / "kept")
        state = (cluster.folder / "kept" / "state.safetensors").read_bytes()
        self.assertEqual(hashlib.sha256(state).hexdigest(), listed["sha256"])
        self.assertEqual(state, (pathlib.Path(listed["path"]) / "state.safetensors").read_bytes())


class Backups(harness.Scenario):
    def test_a_backup_taken_while_runs_go_on_is_restored_into_a_controller_that_knows_the_same(self):
        cluster = harness.Cluster(self)
        cluster.start_worker()
        done = cluster.submit(harness.document("done", steps=20))["runs"][0]["id"]
        cluster.ctl("wait", done)
        harness.wait_for("a stored checkpoint", lambda: stored(cluster, done))
        going = cluster.submit(harness.document("going", steps=100000))["runs"][0]["id"]
        harness.wait_for("it runs", lambda: cluster.run(going)["state"] == "running")
        backup = cluster.folder / "backup"
        report = cluster.ctl("admin", "backup", backup, "-o", "json")
        self.assertGreaterEqual(report["num_checkpoints"], 1)
        cluster.ctl("admin", "backup", backup, status=1)  # it exists
        cluster.ctl("cancel", going)
        cluster.ctl("export", done, "--to", "csv", "--dir", cluster.folder / "before")
        restored = harness.Daemon("fp4-controller", cluster.folder / "restored",
                                  ["--data-dir", cluster.folder / "restored", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                   "--restore", backup]).start()
        self.addCleanup(restored.kill)
        there = ["--controller", restored.endpoints["grpc"]]
        cluster.ctl("export", done, "--to", "csv", "--dir", cluster.folder / "after", *there)
        for file in (cluster.folder / "before").glob("*.csv"):
            self.assertEqual(file.read_bytes(), (cluster.folder / "after" / file.name).read_bytes())
        self.assertEqual(cluster.ctl("checkpoints", "ls", done, "-o", "json", *there)[0]["where"], "controller")
        cluster.ctl("checkpoints", "download", done, "--dir", cluster.folder / "kept", *there)


class Draining(harness.Scenario):
    def test_a_worker_drained_now_gives_its_run_away_with_its_newest_checkpoint(self):
        cluster = harness.Cluster(self)
        cluster.start_worker()
        name = cluster.ctl("workers", "ls", "-o", "json")[0]["name"]
        run = cluster.submit(harness.document("moves", steps=100000, checkpoint={"interval_steps": 100000}))["runs"][0]["id"]
        cluster.watch(run).until_step(3)
        cluster.start_worker()
        self.assertEqual(cluster.ctl("workers", "drain", name, "--now", "-o", "json")[0]["drain"], "now")
        harness.wait_for("attempt 2", lambda: cluster.run(run)["attempt"] == 2 and cluster.run(run)["state"] == "running")
        after = cluster.run(run)
        self.assertNotEqual(after["worker"], name)
        self.assertEqual(after["num_restarts"], 0)
        self.assertGreaterEqual(resumed_from(cluster, run, attempt=2), 3)
        cluster.ctl("workers", "enable", name)
        cluster.ctl("cancel", run)


class DiskFull(harness.Scenario):
    @unittest.skipUnless(harness.can_mount(), "needs root: a small file system is mounted")
    def test_a_controller_short_of_disk_refuses_new_work_keeps_the_rest_and_recovers_without_a_restart(self):
        cluster = harness.Cluster(self)
        folder = cluster.folder / "small"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        small = harness.Daemon("fp4-controller", folder, ["--data-dir", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                                          "--min-free-mib", "16"]).start()
        self.addCleanup(small.kill)
        document = cluster.folder / "d.json"
        document.write_text(json.dumps(harness.document("small")))
        there = ["--controller", small.endpoints["grpc"]]
        first = cluster.ctl("submit", document, "-o", "json", *there)["experiment"]
        filler = folder / "filler"
        filler.write_bytes(bytes(50 << 20))
        cluster.ctl("submit", document, *there, status=1)
        self.assertIn("fp4_controller_takes_work 0", small.metrics().splitlines())
        self.assertEqual(cluster.ctl("doctor", "-o", "json", *there, status=1)[0]["ok"], True)
        self.assertEqual(cluster.ctl("describe", first, "-o", "json", *there)["id"], first)
        filler.unlink()
        cluster.ctl("submit", document, "-o", "json", *there)
        self.assertIn("fp4_controller_takes_work 1", small.metrics().splitlines())


if __name__ == "__main__":
    unittest.main()
