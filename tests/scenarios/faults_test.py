"""What dies, and what must not be lost by it."""
import os
import signal
import unittest

from harness import Cluster, Scenario, document, process_alive, wait_for

STEPS = 400


def long_run(name, **changes):
    return document(name, steps=STEPS, checkpoint={"interval_steps": 50}, **changes)


class TrainerDies(Scenario):
    def test_a_killed_trainer_goes_on_from_its_last_checkpoint(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(long_run("trainer-dies"))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a checkpoint", lambda e: e["type"] == "checkpoint" and e["step"] >= 50)
        watch.until_step(70)
        os.kill(cluster.trainer_pid(run), signal.SIGKILL)
        events = watch.finish()

        self.assertEqual(watch.process.returncode, 0)
        started = [e for e in events if e["type"] == "started"]
        self.assertEqual([e["attempt"] for e in started], [1, 2])
        self.assertGreaterEqual(started[1]["resumed_from_step"], 50)
        self.assertEqual(cluster.run(run)["attempt"], 2)
        points = cluster.losses(run)
        self.assert_whole_curve(points, STEPS)
        self.assertEqual({p["attempt"] for p in points}, {1, 2})

    def test_an_interrupted_run_ends_with_the_state_of_an_uninterrupted_one(self):
        cluster = Cluster(self)
        cluster.start_worker()
        runs = cluster.submit(long_run("twins", variants={"a": {}, "b": {}}))["runs"]
        first = cluster.watch(runs[0]["id"])
        first.until_step(120)
        os.kill(cluster.trainer_pid(runs[0]["id"]), signal.SIGKILL)
        hashes = []
        for watch in (first, cluster.watch(runs[1]["id"])):
            events = watch.finish()
            hashes.append([e["sha256"] for e in events if e["type"] == "checkpoint" and e["step"] == STEPS])
        self.assertEqual(len(hashes[0]), 1)
        self.assertEqual(hashes[0], hashes[1])

    def test_a_trainer_that_keeps_dying_fails_the_run_with_its_signal(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(long_run("keeps-dying", retry={"max_restarts": 1}))["runs"][0]["id"]
        watch = cluster.watch(run)
        for attempt in (1, 2):
            watch.until_step(1, attempt=attempt)
            os.kill(cluster.trainer_pid(run, attempt), signal.SIGSEGV)
        watch.finish()
        self.assertEqual(watch.process.returncode, 1)
        described = cluster.run(run)
        self.assertEqual(described["state"], "failed")
        self.assertRegex(described["message"], r"SIGSEGV|signal 11")


class ControllerDies(Scenario):
    def test_training_and_watch_survive_a_killed_controller(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(long_run("controller-dies"))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(60)
        trainer = cluster.trainer_pid(run)
        acknowledged = cluster.losses(run)
        cluster.controller.kill()
        cluster.controller.start()
        self.assertTrue(process_alive(trainer))
        self.assertEqual(cluster.losses(run)[:len(acknowledged)], acknowledged)
        events = watch.finish()

        self.assertEqual(watch.process.returncode, 0)
        self.assertEqual(cluster.run(run)["attempt"], 1)
        cursors = [e["cursor"] for e in events]
        self.assertEqual(cursors, sorted(set(cursors)))
        self.assertEqual([e["seq"] for e in events if e.get("seq")], list(range(1, len([e for e in events if e.get("seq")]) + 1)))
        self.assert_whole_curve(cluster.losses(run), STEPS)

    def test_events_of_a_dead_attempt_arrive_after_all(self):
        cluster = Cluster(self)
        cluster.start_worker()
        run = cluster.submit(long_run("undelivered"))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a checkpoint", lambda e: e["type"] == "checkpoint" and e["step"] >= 50)
        trainer = cluster.trainer_pid(run)
        cluster.controller.kill()
        log = next(cluster.folder.glob(f"worker-0/**/{run}/events.jsonl"))
        size = log.stat().st_size
        wait_for("the trainer to write on without a controller", lambda: log.stat().st_size > size + 4000)
        os.kill(trainer, signal.SIGKILL)
        wait_for("the trainer's end", lambda: not process_alive(trainer))
        cluster.controller.start()
        events = watch.finish()

        self.assertEqual(watch.process.returncode, 0)
        sequence = [(e["seq"], e["attempt"]) for e in events if e.get("seq")]
        self.assertEqual([s for s, _ in sequence], list(range(1, len(sequence) + 1)))
        self.assertEqual([a for _, a in sequence], sorted(a for _, a in sequence))
        self.assertEqual({a for _, a in sequence}, {1, 2})
        self.assert_whole_curve(cluster.losses(run), STEPS)


class WorkerDies(Scenario):
    def test_a_restarted_worker_adopts_its_trainer(self):
        cluster = Cluster(self)
        worker = cluster.start_worker()
        run = cluster.submit(long_run("worker-dies"))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until_step(30)
        trainer = cluster.trainer_pid(run)
        worker.kill()
        worker.start()
        most = []
        watch.until("the end, with one trainer at most",
                    lambda e: most.append(len(cluster.live_trainers())) or e["type"] == "finished")
        watch.finish()

        self.assertEqual(watch.process.returncode, 0)
        self.assertLessEqual(max(most), 1)
        self.assertEqual(cluster.run(run)["attempt"], 1)
        self.assertEqual(cluster.trainer_pid(run), trainer)
        self.assert_whole_curve(cluster.losses(run), STEPS)

    def test_an_orphan_ends_by_itself_within_its_lease(self):
        cluster = Cluster(self, lease_ttl="6s")
        worker = cluster.start_worker()
        run = cluster.submit(document("orphan", steps=100000, checkpoint={"interval_steps": 1000}))["runs"][0]["id"]
        cluster.watch(run).until_step(5)
        trainer = cluster.trainer_pid(run)
        worker.kill()
        wait_for("the orphan's end", lambda: not process_alive(trainer), deadline=30)
        wait_for("the run to be queued again", lambda: cluster.run(run)["state"] == "queued", deadline=30)

    def test_a_finished_run_is_never_trained_again(self):
        cluster = Cluster(self)
        worker = cluster.start_worker()
        run = cluster.submit(document("once", steps=10))["runs"][0]["id"]
        events = cluster.watch(run).finish()
        for daemon in (worker, cluster.controller):
            daemon.kill()
        cluster.controller.start()
        worker.start()
        other = cluster.submit(document("another", steps=5))["runs"][0]["id"]
        cluster.watch(other).finish()
        self.assertEqual(cluster.run(run)["attempt"], 1)
        self.assertEqual(cluster.watch(run).finish(), events)


if __name__ == "__main__":
    unittest.main()
