"""Searches and priorities with real trainers."""
import unittest

from harness import Cluster, Scenario, document, wait_for


def searched(name, **search):
    space = {"optimizer.learning_rate": {"type": "log_uniform", "min": 1e-4, "max": 0.1}}
    # Steps enough between two rungs for a stop to arrive before the next one.
    return document(name, steps=540, training={"eval_interval": 540}, search={
        "method": "asha", "max_trials": 6, "max_concurrent": 1, "reduction_factor": 3, "min_steps": 60, "space": space, **search})


class Searches(Scenario):
    def trials(self, cluster, experiment):
        return cluster.ctl("describe", experiment, "-o", "json")["search"]["trials"]

    def decided(self, trials):
        """What must not depend on when the controller was killed: all but the ids of runs."""
        return [{key: value for key, value in trial.items() if key != "run"} for trial in trials]

    def test_a_controller_that_is_killed_comes_to_the_same_decisions(self):
        cluster = Cluster(self)
        cluster.start_worker()
        plain = cluster.submit(searched("undisturbed"))["experiment"]
        cluster.ctl("wait", plain)
        expected = self.trials(cluster, plain)
        self.assertEqual(len(expected), 6)
        self.assertIn("stopped", [trial["state"] for trial in expected])
        self.assertEqual([rung["step"] for rung in expected[0]["rungs"]], [60, 180, 540])

        killed = cluster.submit(searched("disturbed"))["experiment"]
        for made in (2, 4, 5):
            wait_for(f"trial {made}", lambda made=made: len(self.trials(cluster, killed)) >= made)
            cluster.controller.kill()
            cluster.controller.start()
        cluster.ctl("wait", killed)
        self.assertEqual(self.decided(self.trials(cluster, killed)), self.decided(expected))

    def test_a_stopped_trial_says_why_and_the_best_ones_are_compared(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        experiment = cluster.submit(searched("compared", max_concurrent=2, max_trials=5))["experiment"]
        watch = cluster.watch(experiment)
        watch.finish()
        self.assertEqual(watch.process.returncode, 0, "stopped trials are no failures")
        trials = self.trials(cluster, experiment)
        self.assertEqual({event["run"] for event in watch.events} - {trial["run"] for trial in trials}, set())
        self.assertEqual({trial["run"] for trial in trials} - {event["run"] for event in watch.events}, set())
        for trial in trials:
            if trial["state"] == "stopped":
                self.assertIn("go", trial["why"])
                self.assertFalse(trial["rungs"][-1]["kept"])
        text = cluster.ctl("describe", experiment)
        self.assertIn("optimizer.learning_rate=", text)
        comparison = cluster.ctl("compare", experiment, "-o", "json")
        completed = [trial for trial in trials if trial["state"] == "completed"]
        self.assertEqual(len(comparison["variants"]), len(completed))
        best = next(trial for trial in trials if trial["best"])
        self.assertEqual(comparison["reference"], best["variant"])


class Priorities(Scenario):
    def test_an_urgent_run_takes_the_slot_and_the_other_goes_on_from_its_checkpoint(self):
        cluster = Cluster(self, options=["--preempt-after", "0s"])
        cluster.start_worker()
        low = cluster.submit(document("low", steps=2000, resources={"gpus": 0, "priority": 10}))["runs"][0]["id"]
        watch = cluster.watch(low)
        watch.until_step(20)
        urgent = cluster.submit(document("urgent", steps=20, resources={"gpus": 0, "priority": 90}))["runs"][0]["id"]
        cluster.ctl("wait", urgent)
        events = watch.finish()
        self.assertEqual(watch.process.returncode, 0)
        self.assertIn("preempted", [e.get("reason") for e in events if e["type"] == "state"])
        started = [e for e in events if e["type"] == "started"]
        self.assertEqual([e["attempt"] for e in started], [1, 2])
        self.assertGreaterEqual(started[1]["resumed_from_step"], 20)
        self.assertEqual(cluster.run(low)["num_restarts"], 0)
        self.assert_whole_curve(cluster.losses(low), 2000)


if __name__ == "__main__":
    unittest.main()
