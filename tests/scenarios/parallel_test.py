"""Runs of several processes through controller and worker: what they compute, and what is left when one of them dies."""
import os
import signal
import unittest

import harness


def parallel(name, steps, **changes):
    return harness.document(name, steps=steps, training={"compute_dtype": "fp32"}, resources={"gpus": 0, "processes": 2}, **changes)


class TwoProcesses(harness.Scenario):
    def test_two_processes_train_what_one_with_twice_the_micro_batches_trains(self):
        cluster = harness.Cluster(self)
        cluster.start_worker()
        one = {"resources": {"processes": 1}, "training": {"gradient_accumulation": 2}}
        runs = cluster.submit(parallel("same", steps=30, variants={"two": {}, "one": one}))["runs"]
        for run in runs:
            cluster.ctl("wait", run["id"])
        curves = {run["variant"]: cluster.losses(run["id"]) for run in runs}
        self.assert_whole_curve(curves["two"], 30)
        for two, expected in zip(curves["two"], curves["one"], strict=True):
            self.assertAlmostEqual(two["value"], expected["value"], delta=1e-5 * abs(expected["value"]))

    def test_a_run_one_of_whose_processes_is_killed_goes_on_from_its_checkpoint_to_the_same_numbers(self):
        cluster = harness.Cluster(self)
        cluster.start_worker()
        document = parallel("killed", steps=400, checkpoint={"interval_steps": 20}, retry={"max_restarts": 3})
        undisturbed = cluster.submit(dict(document, name="undisturbed"))["runs"][0]["id"]
        cluster.ctl("wait", undisturbed)
        run = cluster.submit(document)["runs"][0]["id"]
        first = cluster.trainer_pid(run, attempt=1)
        harness.wait_for("a checkpoint", lambda: cluster.run(run)["checkpoints"])
        peers = [pid for pid in cluster.live_trainers() if pid != first]
        self.assertEqual(len(peers), 1)
        os.kill(peers[0], signal.SIGKILL)
        cluster.ctl("wait", run)
        self.assertGreater(cluster.run(run)["attempt"], 1)
        self.assertEqual([p["value"] for p in cluster.losses(run)], [p["value"] for p in cluster.losses(undisturbed)])
        self.assertEqual(cluster.live_trainers(), [])


if __name__ == "__main__":
    unittest.main()
