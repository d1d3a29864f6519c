"""What the command line promises to scripts."""
import json
import signal
import subprocess
import unittest

from harness import BIN, Cluster, Scenario, document

STEPS = 40


class Contracts(Scenario):
    def test_submit_watch_metrics_and_compare_as_json(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        variants = {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}, "fp4-frozen": {"precision": {"default": "fp4-frozen"}}}
        made = cluster.submit(document("contract", steps=STEPS, variants=variants, seeds=[1, 2]))
        self.assertEqual(set(made), {"experiment", "runs"})
        self.assertEqual([(r["variant"], r["seed"]) for r in made["runs"]],
                         [(v, s) for v in variants for s in (1, 2)])

        experiment = cluster.watch(made["experiment"])
        events = experiment.finish()
        self.assertEqual(experiment.process.returncode, 0)
        self.assertEqual({e["run"] for e in events}, {r["id"] for r in made["runs"]})

        frozen = [r["id"] for r in made["runs"] if r["variant"] == "fp4-frozen"]
        flagged = {e["run"] for e in events if e["type"] == "health" and e["code"] == "frozen_layer"}
        self.assertEqual(flagged, set(frozen))

        for run in made["runs"]:
            points = cluster.losses(run["id"])
            self.assert_whole_curve(points, STEPS)
            self.assertTrue(all(isinstance(p["value"], float) for p in points))

        comparison = cluster.ctl("compare", made["experiment"], "-o", "json")
        self.assertEqual(comparison["reference"], "baseline")
        self.assertEqual(comparison["metric"], "val/loss")
        self.assertEqual([v["name"] for v in comparison["variants"]], list(variants))
        for variant in comparison["variants"]:
            self.assertEqual(variant["n"], 2)
            last = [cluster.ctl("metrics", r["id"], "--name", "val/loss", "-o", "json")[-1]["value"]
                    for r in made["runs"] if r["variant"] == variant["name"]]
            self.assertAlmostEqual(variant["mean"], sum(last) / 2, places=12)
        low, high = comparison["variants"][1]["difference"]["ci95"]
        self.assertLess(low, comparison["variants"][1]["difference"]["mean"])
        self.assertGreater(high, comparison["variants"][1]["difference"]["mean"])

    def test_two_runs_of_one_document_end_with_equal_state(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        hashes = set()
        for name in ("first", "second"):
            run = cluster.submit(document(name, steps=20))["runs"][0]["id"]
            hashes.add(next(e["sha256"] for e in reversed(cluster.watch(run).finish()) if e["type"] == "checkpoint"))
        self.assertEqual(len(hashes), 1)

    def test_bad_documents_exit_with_2_and_say_where(self):
        cluster = Cluster(self)
        bad = document("bad")
        bad["precision"] = {"default": "fp44"}
        path = cluster.folder / "bad.json"
        path.write_text(json.dumps(bad, indent=1))
        for verb in ("validate", "submit"):
            done = subprocess.run([BIN / "fp4ctl", verb, path], env=cluster.environment(), capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, r"bad\.json:\d+:\d+: error: precision\.default: .*fp44.*did you mean.*fp4")
        self.assertEqual(cluster.ctl("ls", "-o", "json"), [])

    def test_interrupting_a_watch_leaves_the_run_alone(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(document("goes-on", steps=1000))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(3)
        watch.process.send_signal(signal.SIGINT)
        watch.process.wait(timeout=30)
        self.assertEqual(watch.process.returncode, 130)
        self.assertIn(f"fp4ctl watch {run}", watch.process.stderr.read())
        again = cluster.watch(run)
        again.finish()
        self.assertEqual(again.process.returncode, 0)

    def test_cancel_ends_the_trainer_with_a_checkpoint_and_retry_goes_on(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(document("cancelled", steps=2000, checkpoint={"interval_steps": 10000}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(20)
        cluster.ctl("cancel", run)
        events = watch.finish()
        self.assertEqual(watch.process.returncode, 1)
        self.assertEqual(cluster.run(run)["state"], "cancelled")
        stopped_at = next(e["step"] for e in events if e["type"] == "checkpoint")
        cluster.ctl("retry", run)
        again = cluster.watch(run)
        events = again.finish()
        self.assertEqual(again.process.returncode, 0)
        self.assertIn(stopped_at, [e.get("resumed_from_step") for e in events if e["type"] == "started"])
        self.assert_whole_curve(cluster.losses(run), 2000)

    def test_delete_removes_an_experiment_and_only_when_it_has_finished(self):
        cluster = Cluster(self)
        made = cluster.submit(document("deleted", steps=5))
        cluster.ctl("delete", made["experiment"], "--yes", status=1)
        cluster.start_worker()
        cluster.watch(made["experiment"]).finish()
        cluster.ctl("delete", made["experiment"], "--yes")
        self.assertEqual(cluster.ctl("ls", "-o", "json"), [])


if __name__ == "__main__":
    unittest.main()
