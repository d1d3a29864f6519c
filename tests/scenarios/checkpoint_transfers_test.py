"""Checkpoints between hosts that share nothing, and a quota that is used up: with the campaign's trainer, whose losses tell
whether it went on from the right state."""
import os
import shutil
import signal
import unittest
import unittest.mock
import urllib.request

import harness
from campaign import processes
from campaign.model import Chain
from campaign.plan import document
from checkpoints_test import resumed_from, stored

STATE_BYTES = 3_000_000  # three pieces
AT_THE_END = {"interval_steps": 0, "keep_best": 0}


class Transfers(harness.Scenario):
    def setUp(self):
        environment = {"FP4_CAMPAIGN_STATE_BYTES": str(STATE_BYTES), "FP4_CAMPAIGN_STEP_MS": "20", "FP4_CAMPAIGN_JOURNAL": "/dev/null"}
        patch = unittest.mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)

    def start_far_worker(self, cluster, number):
        """A worker that does not see the controller's artifact folder, as one on another host."""
        folder, artifacts = cluster.folder / f"worker-{number}", cluster.controller.folder / "artifacts"
        folder.mkdir()
        process = processes.Process(folder, cluster.folder, os.environ)
        self.addCleanup(lambda: process.kill())
        process.launch(["unshare", "-m", "sh", "-c", f'mount -t tmpfs none "{artifacts}" && exec "$@"', "sh", harness.BIN / "fp4-worker",
                        "--controller", cluster.address(), "--work-dir", folder, "--http", "127.0.0.1:0", "--trainer", processes.TRAINER])
        harness.wait_for("the worker", process.endpoints)
        return process

    @unittest.skipUnless(harness.can_mount(), "needs root: the workers must not see the controller's folder")
    def test_a_run_whose_host_is_gone_goes_on_from_a_checkpoint_that_came_and_went_in_pieces(self):
        cluster = harness.Cluster(self, lease_ttl="3s")
        first = self.start_far_worker(cluster, 1)
        run = cluster.submit(document("far", 400, {"seeds": [5], "checkpoint": {"interval_steps": 20}}))["runs"][0]["id"]
        harness.wait_for("a stored checkpoint", lambda: stored(cluster, run))
        trainer = cluster.trainer_pid(run)
        first.kill()
        os.kill(trainer, signal.SIGKILL)
        shutil.rmtree(first.folder)
        newest = stored(cluster, run)[0]
        second = self.start_far_worker(cluster, 2)
        cluster.watch(run).finish()

        self.assertGreaterEqual(resumed_from(cluster, run, attempt=2), newest)
        with urllib.request.urlopen(f"http://{second.endpoints()['http']}/metrics", timeout=30) as metrics:
            self.assertIn("fp4_worker_checkpoints_fetched_total 1", metrics.read().decode().splitlines())
        points = cluster.losses(run)
        self.assert_whole_curve(points, 400)
        chain = Chain(5, 0.001)
        self.assertEqual([p["value"] for p in points], [chain.fraction(step) for step in range(1, 401)])

    def test_checkpoints_of_completed_runs_make_room_and_those_of_others_do_not(self):
        quota = 3.5 * STATE_BYTES
        cluster = harness.Cluster(self, options=["--artifact-quota", f"{quota / 2**30:.9f}"])
        cluster.start_worker("--trainer", str(processes.TRAINER))
        runs = [self.run_to_its_end(cluster, f"completed-{i}") for i in range(4)]
        self.assertEqual([bool(stored(cluster, run)) for run in runs], [False, True, True, True])
        self.assertLessEqual(self.used_bytes(cluster), quota)

        stopped = [self.cancel_with_checkpoint(cluster, f"cancelled-{i}") for i in range(3)]
        self.assertEqual([bool(stored(cluster, run)) for run in (*runs, *stopped)], [False] * 4 + [True] * 3)
        late = cluster.submit(document("late", 4, {"seeds": [1], "checkpoint": AT_THE_END}))["runs"][0]["id"]
        cluster.watch(late).finish()
        harness.wait_for("the refusal", lambda: "--artifact-quota" in cluster.workers[0].log())
        self.assertEqual([bool(stored(cluster, run)) for run in stopped], [True] * 3)
        self.assertEqual(stored(cluster, late), [])
        self.assertTrue(cluster.ctl("checkpoints", "ls", late, "-o", "json"), "it lies with its worker")

    def run_to_its_end(self, cluster, name):
        run = cluster.submit(document(name, 4, {"seeds": [1], "checkpoint": AT_THE_END}))["runs"][0]["id"]
        cluster.watch(run).finish()
        harness.wait_for(f"the last checkpoint of {name}", lambda: stored(cluster, run) == [4])
        return run

    def cancel_with_checkpoint(self, cluster, name):
        run = cluster.submit(document(name, 100_000, {"seeds": [1], "checkpoint": AT_THE_END}))["runs"][0]["id"]
        cluster.watch(run).until_step(2)
        cluster.ctl("cancel", run)
        harness.wait_for(f"the last checkpoint of {name}", lambda: stored(cluster, run))
        return run

    def used_bytes(self, cluster):
        return sum(path.stat().st_size for path in (cluster.controller.folder / "artifacts").rglob("*") if path.is_file())


if __name__ == "__main__":
    unittest.main()
