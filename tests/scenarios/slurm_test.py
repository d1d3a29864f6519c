"""Workers that a real Slurm starts as the queue needs them."""
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

from harness import BIN, Cluster, Scenario, document, wait_for
from slurm import Slurm, missing


@unittest.skipIf(missing(), missing())
class WorkersOfSlurm(Scenario):
    def setUp(self):
        # Not below a long path: a socket's name has an end.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-slurm-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.slurm = Slurm(self, self.folder)

    def cluster(self, options="--time=10", **changes):
        flags = {"--slurm-max-workers": "2", "--slurm-idle": "3s", "--slurm-options": options,
                 "--slurm-worker": f"{BIN / 'fp4-worker'} --slots 1 --grace 20s", **changes}
        with mock.patch.dict("os.environ", self.slurm.environment):
            return Cluster(self, options=["--provision", "slurm", *(word for pair in flags.items() for word in pair)])

    def pilot_of(self, cluster, run):
        """The running job whose worker trains the run."""
        wait_for("the run to train", lambda: cluster.run(run)["state"] == "running")
        return wait_for("its job", lambda: [job for job, state in self.slurm.jobs() if state == "RUNNING"])[0]

    def test_an_idle_cluster_trains_what_is_submitted_and_is_idle_again(self):
        cluster = self.cluster()
        self.assertEqual(self.slurm.jobs(), [])
        submitted = cluster.submit(document("from-idle", steps=8, seeds=[1, 2, 3]))
        watch = cluster.watch(submitted["experiment"])
        watch.finish()
        self.assertEqual(watch.process.returncode, 0, cluster.controller.log())
        self.assertEqual([cluster.run(run["id"])["state"] for run in submitted["runs"]], ["completed"] * 3)
        wait_for("the jobs to be gone", lambda: not self.slurm.jobs())

    def test_a_job_that_is_cancelled_in_the_middle_of_a_run_loses_nothing(self):
        cluster = self.cluster()
        run = cluster.submit(document("cancelled-job", steps=2000, checkpoint={"interval_steps": 100}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(30)
        self.slurm.ask("scancel", self.pilot_of(cluster, run))
        watch.finish()
        self.assertEqual(watch.process.returncode, 0, cluster.controller.log())
        state = cluster.run(run)
        self.assertEqual((state["state"], state["num_restarts"]), ("completed", 0))
        self.assertGreaterEqual(state["attempt"], 2)
        self.assert_whole_curve(cluster.losses(run), 2000)
        second = [e for e in watch.events if e["type"] == "started" and e["attempt"] == state["attempt"]]
        self.assertGreater(second[0]["resumed_from_step"], 20)
        wait_for("the jobs to be gone", lambda: not self.slurm.jobs())

    def test_a_job_that_another_one_preempts_goes_on_later(self):
        cluster = self.cluster(options="--time=10 --exclusive")
        run = cluster.submit(document("preempted-job", steps=100000, checkpoint={"interval_steps": 100}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(30)
        other = self.slurm.ask("sbatch", "--parsable", "--partition=high", "--exclusive", "--output=/dev/null", "--wrap=true")
        second = watch.until("a second attempt", lambda e: e["type"] == "started" and e["attempt"] >= 2)
        self.assertGreater(second["resumed_from_step"], 0)
        self.assertNotIn(other, [job for job, _ in self.slurm.jobs()])
        last = watch.until_step(second["resumed_from_step"] + 1, second["attempt"])["step"]
        steps = [point["step"] for point in cluster.losses(run)]
        self.assertEqual(steps[:last], list(range(1, last + 1)))
        self.assertEqual(cluster.run(run)["num_restarts"], 0)
        cluster.ctl("cancel", run)

    def test_a_job_at_its_time_limit_hands_its_run_over(self):
        # Slurm's shortest limit is a minute, and it looks at limits every half a minute; the run outlasts both on any machine.
        cluster = self.cluster(options="--time=1 --signal=B:TERM@45")
        run = cluster.submit(document("time-limit", steps=10_000_000, checkpoint={"interval_steps": 500},
                                      training={"log_interval": 1000}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a second attempt", lambda e: e["type"] == "started" and e["attempt"] >= 2)
        self.assertGreater(watch.events[-1]["resumed_from_step"], 0)
        self.assertEqual(cluster.run(run)["num_restarts"], 0)
        cluster.ctl("cancel", run)

    def test_runs_that_no_such_worker_can_take_are_not_asked_for_without_end(self):
        cluster = self.cluster(**{"--slurm-idle": "1s"})
        cluster.submit(document("no-gpu", steps=4, resources={"gpus": 1}))
        wait_for("the pause", lambda: "workers of the cluster came and took no run" in cluster.controller.log())
        self.assertEqual(self.slurm.jobs(), [])

    def test_jobs_that_wait_are_cancelled_with_their_runs_and_found_again_after_a_restart(self):
        cluster = self.cluster(options="--begin=now+1hour")
        experiment = cluster.submit(document("waits", steps=4, seeds=[1, 2]))["experiment"]
        wait_for("two waiting jobs", lambda: [state for _, state in self.slurm.jobs()] == ["PENDING"] * 2)
        cluster.controller.kill()
        with mock.patch.dict("os.environ", self.slurm.environment):
            cluster.controller.start()
        cluster.ctl("cancel", experiment)
        wait_for("no job to be left", lambda: not self.slurm.jobs())


if __name__ == "__main__":
    unittest.main()
