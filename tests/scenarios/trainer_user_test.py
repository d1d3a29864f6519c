"""Trainers as another user than the worker. Only root can do that; skipped, with the reason, for others."""
import os
import pathlib
import pwd
import signal
import subprocess
import unittest

from harness import BIN, Cluster, Scenario, document, wait_for

USER = "nobody"
STEPS = 2000


def status_of(pid):
    """Fields of /proc/PID/status: {"Uid": ["65534", …], …}."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


@unittest.skipUnless(os.geteuid() == 0, "only root may run trainers as another user")
class TrainerUserTest(Scenario):
    def setUp(self):
        super().setUp()
        if self.as_user(f"test -x {BIN}/fp4-train").returncode:
            self.skipTest(f"the user '{USER}' cannot reach {BIN}")

    def start(self):
        cluster = Cluster(self)
        cluster.folder.chmod(0o711)  # the test's own, above the work directory
        worker = cluster.start_worker("--trainer-user", USER)
        return cluster, worker

    def as_user(self, command):
        return subprocess.run(["setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}", "--clear-groups", "bash", "-c", command],
                              capture_output=True, text=True)

    def test_a_run_is_trained_killed_and_finished_by_the_other_user(self):
        cluster, worker = self.start()
        run = cluster.submit(document("other-user", steps=STEPS, checkpoint={"interval_steps": 50}))["runs"][0]["id"]
        watch = cluster.watch(run)
        watch.until("a checkpoint", lambda event: event["type"] == "checkpoint" and event["step"] >= 50)
        pid = cluster.trainer_pid(run)
        status = status_of(pid)
        account = pwd.getpwnam(USER)
        self.assertEqual(set(status["Uid"]), {str(account.pw_uid)})
        self.assertEqual(set(status["Gid"]), {str(account.pw_gid)})
        self.assertEqual(status["NoNewPrivs"], ["1"])
        self.assertEqual(status["CapEff"], ["0" * 16])
        # From its newest checkpoint, which the dead trainer made.
        os.kill(pid, signal.SIGKILL)
        watch.finish()
        self.assertEqual(watch.process.returncode, 0)
        self.assertEqual(cluster.run(run)["attempt"], 2)
        self.assert_whole_curve(cluster.losses(run), STEPS)
        folder = worker.folder / "runs" / run
        self.assertEqual({(folder / name).stat().st_uid for name in ("events.jsonl", "checkpoints")}, {account.pw_uid})
        self.assertEqual({(folder / name).stat().st_uid for name in ("run.json", "lease.json", "exit.json")}, {0})

    def test_the_user_changes_nothing_but_what_lies_in_the_folders_of_runs(self):
        cluster, worker = self.start()
        run = cluster.submit(document("other-user", steps=100000))["runs"][0]["id"]
        cluster.watch(run).until_step(3)
        folder = worker.folder / "runs" / run
        for command in (f"echo > {worker.folder}/new", f"echo > {worker.folder}/runs/new", f"rm -f {folder}/lease.json", f"echo > {folder}/run.json",
                        f"mv {folder}/exit.json {folder}/gone", f"ls {worker.folder}", f"cat {worker.folder}/endpoints.json"):
            self.assertNotEqual(self.as_user(command).returncode, 0, command)
        self.assertEqual(self.as_user(f"cat {folder}/run.json && echo > {folder}/new").returncode, 0)
        # A link that waits where the worker is about to write does not take it anywhere.
        target = cluster.folder / "target"
        target.write_text("as it was")
        pid = worker.process.pid
        self.assertEqual(self.as_user(f"ln -sf {target} {folder}/lease.json.tmp-{pid}; ln -sf {target} {folder}/acknowledged.json.tmp-{pid}").returncode, 0)
        before = (folder / "lease.json").stat().st_mtime_ns
        wait_for("a renewed lease", lambda: (folder / "lease.json").stat().st_mtime_ns > before)
        self.assertEqual(target.read_text(), "as it was")
        cluster.ctl("cancel", run)
        wait_for("the run's end", lambda: cluster.run(run)["state"] == "cancelled")

    def test_a_folder_of_a_worker_without_such_a_user_is_taken_over(self):
        cluster = Cluster(self)
        cluster.folder.chmod(0o711)
        worker = cluster.start_worker()
        run = cluster.submit(document("taken-over", steps=STEPS))["runs"][0]["id"]
        cluster.watch(run).until_step(110)
        worker.stop()  # with a checkpoint
        wait_for("the trainer's end", lambda: not cluster.live_trainers())
        worker.arguments += ["--trainer-user", USER]
        worker.start()
        wait_for("the run's end", lambda: cluster.run(run)["state"] == "completed")
        self.assert_whole_curve(cluster.losses(run), STEPS)

    def test_what_cannot_be_is_said_at_the_start(self):
        cluster = Cluster(self)
        arguments = [BIN / "fp4-worker", "--controller", cluster.address(), "--work-dir", cluster.folder / "closed", "--http", "127.0.0.1:0"]
        for user, words in (("nobody-here", "there is no user 'nobody-here'"), ("root", "has the rights of root"), (USER, "as the trainers' user 'nobody'")):
            done = subprocess.run([*arguments, "--trainer-user", user], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
        done = self.as_user(f"{BIN}/fp4-worker --work-dir /tmp/x --trainer-user daemon")
        self.assertIn("only a worker that runs as root", done.stderr)


if __name__ == "__main__":
    unittest.main()
