"""The client against a live controller, with a worker whose trainer is the fake one: 20 steps of loss 1/step."""
import io
import json
import math
import os
import pathlib
import subprocess
import threading
import unittest

import fp4lab
from fp4lab import document as documents
from fp4lab import progress
from harness import BIN, Cluster, document

STEPS = 20


def fields_of(schema, path=()):
    """The text fields of a JSON Schema that a path could stand in, with how a value of theirs looks."""
    for name, field in schema.get("properties", {}).items():
        if path == () and name in ("variants", "search", "precision", "notify"):
            continue
        if field.get("type") == "object":
            yield from fields_of(field, (*path, name))
        elif field.get("type") == "string" and "pattern" not in field:
            yield (*path, name), "some/place"
        elif field.get("type") == "array" and field["items"].get("type") == "string" and "pattern" not in field["items"]:
            yield (*path, name), ["some/place"]


class Live(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.cluster = Cluster(self)
        self.client = fp4lab.Client(self.cluster.address())
        self.addCleanup(self.client.close)

    def start_worker(self):
        return self.cluster.start_worker("--trainer", os.environ["FP4_FAKE_TRAINER"])

    def submit(self, name, **changes):
        changes.setdefault("steps", STEPS)
        return self.client.submit(document(name, **changes))

    def test_submit_wait_and_metrics_equal_what_fp4ctl_says(self):
        self.start_worker()
        made = self.submit("whole", variants={"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}, seeds=[1, 2])
        self.assertEqual([(run.variant, run.seed) for run in made.runs], [("baseline", 1), ("baseline", 2), ("fp4", 1), ("fp4", 2)])

        done = self.client.wait(made)

        self.assertEqual({run.state for run in done.runs}, {"completed"})
        columns = self.client.metric_columns(done, "train/loss")
        self.assertEqual(set(columns), {"run", "variant", "seed", "metric", "step", "value", "attempt"})
        for run in done.runs:
            told = self.cluster.ctl("metrics", run.id, "--name", "train/loss", "-o", "json")
            mine = [{"step": s, "value": v, "attempt": a} for r, s, v, a in
                    zip(columns["run"], columns["step"], columns["value"], columns["attempt"]) if r == run.id]
            self.assertEqual(mine, told)
        self.assertEqual(self.client.metric_names(done), self.cluster.ctl("metrics", made.id, "-o", "json"))
        compared = self.client.compare(done, metric="train/loss")
        told = self.cluster.ctl("compare", made.id, "--metric", "train/loss", "-o", "json")
        self.assertEqual([(v.name, v.mean, v.verdict.kind, v.verdict.text) for v in compared.variants],
                         [(v["name"], v["mean"], v["verdict"]["kind"], v["verdict"]["text"]) for v in told["variants"]])
        self.assertIn(compared["fp4"].verdict.text, str(compared))

    def test_a_frame_has_a_row_for_each_point_whether_pandas_is_there_or_not(self):
        self.start_worker()
        made = self.submit("frame")
        self.client.wait(made)
        frame = self.client.metrics(made, ["train/loss", "train/tokens_per_second"])
        self.assertEqual(len(frame["value"]), 2 * STEPS)
        self.assertEqual(list(frame["value"])[:3], [1.0, 1 / 2, 1 / 3])
        self.assertEqual(list(self.client.compare(made, metric="train/loss").frame()["variant"]), ["default"])

    def test_a_watch_goes_on_over_a_restart_of_the_controller_without_gap_or_repeat(self):
        made = self.submit("restart")
        with self.client.watch(made) as watch:
            first = next(watch)
            self.assertEqual((first.type, first.data.state), ("state", "queued"))
            self.cluster.controller.kill()
            started = threading.Thread(target=lambda: (self.cluster.controller.start(), self.start_worker()))
            started.start()
            events = [first, *watch]
            started.join()
        cursors = [event.cursor for event in events]
        self.assertEqual(cursors, sorted(set(cursors)))
        self.assertEqual([e.data.step for e in events if e.type == "metrics"], list(range(1, STEPS + 1)))
        self.assertEqual(watch.cursor, cursors[-1])
        printed = subprocess.run([BIN / "fp4ctl", "events", made.id], env=self.cluster.environment(), capture_output=True, text=True, check=True)
        told = [json.loads(line)["cursor"] for line in printed.stdout.splitlines()]
        self.assertEqual(cursors, told)

    def test_a_cursor_of_another_process_goes_on_after_its_event(self):
        self.start_worker()
        made = self.submit("cursor")
        whole = list(self.client.watch(made))
        middle = whole[len(whole) // 2].cursor
        rest = list(self.client.watch(made.runs[0].id, cursor=middle))
        self.assertEqual([e.cursor for e in rest], [e.cursor for e in whole if e.cursor > middle])

    def test_time_that_is_up_is_an_error_and_the_runs_go_on(self):
        made = self.submit("slow")
        with self.assertRaises(TimeoutError):
            self.client.wait(made, timeout=0.3)
        self.assertEqual(self.client.experiment(made.id).runs[0].state, "queued")

    def test_runs_that_do_not_complete_are_named_by_wait(self):
        made = self.submit("cancelled", seeds=[1, 2])
        self.client.cancel(made.runs[0])
        self.assertEqual([r.state for r in self.client.runs(made, states=["cancelled"])], ["cancelled"])
        self.start_worker()
        with self.assertRaises(fp4lab.RunsFailed) as caught:
            self.client.wait(made)
        self.assertEqual([run.id for run in caught.exception.runs], [made.runs[0].id])
        self.assertEqual(self.client.wait(made, check=False).num_finished, 2)
        self.assertIn(self.client.retry(made.runs[0]).state, ("queued", "assigned"))

    def test_lists_queue_and_workers(self):
        made = [self.submit(f"listed-{i}", seeds=[1, 2]) for i in range(3)]
        self.assertEqual([e.id for e in self.client.experiments(limit=2)], [made[2].id, made[1].id])
        self.assertEqual(len(self.client.runs()), 6)
        queue = self.client.queue()
        self.assertEqual([(q.run_id, q.position) for q in queue],
                         [(r["run"], r["position"]) for r in self.cluster.ctl("queue", "-o", "json")])
        self.assertEqual(len(queue), 6)
        self.assertIn("worker", queue[0].why)
        self.start_worker()
        for one in made:
            self.client.wait(one)
        worker, = self.client.workers()
        self.assertTrue(worker.connected)
        self.assertEqual([slot.kind for slot in worker.slots], ["cpu"])
        self.client.delete(made[0])
        self.assertNotIn(made[0].id, [e.id for e in self.client.experiments()])


class Errors(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(self)
        self.client = fp4lab.Client(self.cluster.address())
        self.addCleanup(self.client.close)

    def test_a_bad_document_says_all_problems_with_their_places(self):
        path = self.cluster.folder / "bad.json"
        bad = {**document("bad"), "sedes": [1], "precision": {"default": "fp44"}}
        path.write_text(json.dumps(bad, indent=1))
        told = subprocess.run([BIN / "fp4ctl", "submit", path], env=self.cluster.environment(), capture_output=True, text=True).stderr
        with self.assertRaises(fp4lab.DocumentError) as caught:
            self.client.submit(path)
        self.assertEqual(str(caught.exception), told.rstrip("\n"))
        self.assertEqual({p.path for p in caught.exception.problems}, {"sedes", "precision.default"})
        self.assertTrue(all(p.line > 1 and p.column > 0 for p in caught.exception.problems))
        self.assertEqual(caught.exception.reason, "INVALID_DOCUMENT")

    def test_a_bad_override_is_named(self):
        with self.assertRaises(fp4lab.DocumentError) as caught:
            self.client.submit(document("override"), overrides={"training.steps": "many"})
        self.assertIn("training.steps", caught.exception.problems[0].override)
        self.assertEqual(self.client.experiments(), [])

    def test_what_is_not_there_or_not_allowed_has_its_own_error(self):
        with self.assertRaises(fp4lab.NotFound) as caught:
            self.client.metrics("zzzzzzzz", "train/loss")
        self.assertEqual(caught.exception.reason, "NOT_FOUND")
        made = self.client.submit(document("errors"))
        with self.assertRaises(fp4lab.UnknownMetric):
            self.client.metrics(made, "train/los")
        with self.assertRaises(fp4lab.InvalidRequest):
            self.client.metrics(made, "train/loss", max_points=3)
        with self.assertRaises(fp4lab.Refused) as caught:
            self.client.delete(made)
        self.assertEqual((caught.exception.reason, caught.exception.code), ("RUNS_ACTIVE", "FAILED_PRECONDITION"))
        with self.assertRaisesRegex(ValueError, "allowed: queued, assigned"):
            self.client.runs(states=["done"])
        with self.assertRaisesRegex(ValueError, "allowed: steps, tokens"):
            self.client.compare(made, at="epoch")

    def test_nobody_answering_names_the_address(self):
        self.cluster.controller.kill()
        with self.assertRaisesRegex(fp4lab.ConnectionFailed, self.cluster.address()):
            self.client.experiments()

    def test_a_controller_that_stays_away_ends_the_watch(self):
        made = self.client.submit(document("away"))
        watch = self.client.watch(made, patience=0.5)
        next(watch)
        self.cluster.controller.kill()
        with self.assertRaises(fp4lab.ConnectionFailed):
            list(watch)

    def test_without_any_controller_the_error_says_what_to_do(self):
        keep = {name: os.environ.pop(name, None) for name in ("FP4_CONTROLLER", "FP4_STATE_DIR")}
        self.addCleanup(lambda: os.environ.update({k: v for k, v in keep.items() if v is not None}))
        os.environ["FP4_STATE_DIR"] = str(self.cluster.folder / "nothing")
        self.addCleanup(os.environ.pop, "FP4_STATE_DIR")
        with self.assertRaisesRegex(fp4lab.ConnectionFailed, "fp4ctl up"):
            fp4lab.Client()

    def test_the_local_controller_is_found_as_fp4ctl_finds_it(self):
        keep = {name: os.environ.pop(name, None) for name in ("FP4_CONTROLLER", "FP4_STATE_DIR")}
        self.addCleanup(lambda: os.environ.update({k: v for k, v in keep.items() if v is not None}))
        os.environ["FP4_STATE_DIR"] = str(self.cluster.folder)
        self.addCleanup(os.environ.pop, "FP4_STATE_DIR")
        with fp4lab.Client() as client:
            self.assertEqual(client.address, self.cluster.address())
            self.assertEqual(client.experiments(), [])

    def test_the_user_who_submits_is_named(self):
        with fp4lab.Client(self.cluster.address(), user="ann") as client:
            self.assertEqual(client.submit(document("named")).created_by, "ann")

    def test_the_fields_that_hold_paths_are_those_that_the_controller_takes_absolute_only(self):
        schema = json.loads(subprocess.run([BIN / "fp4ctl", "schema"], capture_output=True, text=True, check=True).stdout)
        refused = set()
        for path, value in fields_of(schema):
            bad = document("paths", data={"source": "text"})
            inner = bad
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
            try:
                self.client._connection.call("CreateExperiment", documents_request(bad))
            except fp4lab.DocumentError as error:
                if any("relative" in problem.message for problem in error.problems):
                    refused.add(path)
        self.assertEqual(refused, set(documents.PATH_FIELDS))


def documents_request(mapping):
    """As submit makes it, but with the paths as they are."""
    from fp4lab._wire import experiments_pb2
    return experiments_pb2.CreateExperimentRequest(document=json.dumps(mapping), document_name="paths", validate_only=True)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class ProgressDisplay(unittest.TestCase):
    def test_a_terminal_shows_one_line_and_a_file_a_line_for_each_change(self):
        run = fp4lab.Run(**{**{f: "" for f in fp4lab.Run.__dataclass_fields__}, "id": "r", "state": "running", "step": 0, "total_steps": 2})
        events = [fp4lab.Event(1, "r", 1, 1, None, "metrics", fp4lab.MetricsEvent(1, {"train/loss": 0.5})),
                  fp4lab.Event(2, "r", 1, 2, None, "metrics", fp4lab.MetricsEvent(1, {"train/loss": math.nan})),
                  fp4lab.Event(3, "r", 1, 0, None, "state", fp4lab.StateEvent("completed", "", "", ""))]
        shown = {}
        for stream in (Terminal(), io.StringIO()):
            counted, display = progress.Progress([run]), progress.LineDisplay(stream)
            for event in events:
                counted.take(event)
                display.show(counted)
            display.close()
            shown[type(stream)] = stream.getvalue()
        self.assertEqual(shown[io.StringIO], "0/1 runs\n1/1 runs\n")
        self.assertEqual(shown[Terminal], "\rstep 1/2, 0/1 runs, train/loss 0.5000\rstep 1/2, 0/1 runs, train/loss nan   "
                                          "\rstep 1/2, 1/1 runs, train/loss nan\n")


class CountingBar:
    """What tqdm's bars have, written down."""

    def __init__(self, total, unit):
        self.total, self.unit, self.n, self.words, self.closed = total, unit, 0, "", False

    def update(self, steps):
        self.n += steps

    def set_postfix_str(self, words):
        self.words = words

    def close(self):
        self.closed = True


class EndedWell(unittest.TestCase):
    def test_a_trial_that_its_search_stopped_has_not_failed(self):
        cases = [("completed", "", True), ("failed", "trainer_failed", False), ("cancelled", "cancelled", False),
                 ("cancelled", "stopped_by_search", True), ("running", "", False)]
        for state, reason, want in cases:
            run = fp4lab.Run(**{**{f: "" for f in fp4lab.Run.__dataclass_fields__}, "state": state, "reason": reason})
            self.assertEqual(run.ended_well, want, (state, reason))

    def test_the_reason_is_the_controller_s(self):
        reasons = (pathlib.Path(__file__).resolve().parents[3] / "base" / "reasons.h").read_text()
        self.assertIn(f'"{fp4lab.records.STOPPED_BY_SEARCH}"', reasons)


class BarProgress(unittest.TestCase):
    def test_a_bar_counts_each_step_once_although_a_run_begins_again(self):
        run = fp4lab.Run(**{**{f: "" for f in fp4lab.Run.__dataclass_fields__}, "id": "r", "state": "running", "step": 0, "total_steps": 4})
        counted, display = progress.Progress([run]), progress.BarDisplay(CountingBar, 4)
        bar = display._bar
        for step in (1, 2, 3, 2, 3, 4):
            counted.take(fp4lab.Event(step, "r", 1, step, None, "metrics", fp4lab.MetricsEvent(step, {"train/loss": 1 / step})))
            display.show(counted)
        display.close()
        self.assertEqual((bar.n, bar.total, bar.words, bar.closed), (4, 4, "0/1 runs, train/loss 0.2500", True))


if __name__ == "__main__":
    unittest.main()
