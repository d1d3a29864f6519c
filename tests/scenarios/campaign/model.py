"""What must hold after a history, whatever happened in it. Each rule says what is wrong through `history.violate`."""
import collections
import hashlib
import itertools
import json
import sqlite3
import struct

import grpc

from . import processes
from .client import AGAIN, FINISHED, types_pb2

# A process that was stopped and is let go on learns within this time that its lease is over.
NOTICES_WITHIN_NANOSECONDS = 1_500_000_000
# Ends that the faults themselves may bring about.
FAIR_FAILURES = {"kills_workers", "no_progress"}


def document_text(document):
    return json.dumps(document)


class Chain:
    """The digests that the campaign's trainer computes for a seed and a learning rate: losses by step."""

    def __init__(self, seed, learning_rate):
        bits = struct.unpack("<Q", struct.pack("<d", learning_rate))[0]
        self._digests = [hashlib.sha256(f"{seed} {bits}".encode()).hexdigest()]

    def fraction(self, step):
        while len(self._digests) <= step:
            self._digests.append(hashlib.sha256(self._digests[-1].encode()).hexdigest())
        return int(self._digests[step][:13], 16) / 2**52


def events_of(history, **what):
    """All of them in one stream; a fault that was drawn for a late moment may break it off."""
    while True:
        try:
            return list(history.client.watch(no_follow=True, **what))
        except grpc.RpcError as error:
            if error.code() not in AGAIN or history.over.is_set():
                raise


def check(history):
    """Reads everything, kills the controller once more, reads it again, and looks at the database itself."""
    before = {number: read(history, experiment) for number, experiment in history.experiments.items()}
    for watcher in history.watchers:
        if not watcher.finish(20):
            history.violate("a watch does not end", f"experiment {watcher.experiment}: all of it has finished")
    history.controller.kill()
    history.wait_until(lambda: history.controller.address() is not None, processes.READY_SECONDS)
    for number, experiment in history.experiments.items():
        if read(history, experiment) != before[number]:
            history.violate("a restart changed what is stored", experiment)
    history.over.set()
    for worker in history.workers:
        worker.end()
    history.controller.kill()
    db = sqlite3.connect(f"file:{history.controller.folder}/fp4.db?mode=ro", uri=True)
    try:
        check_found(history, before, stored_rows(db))
        check_database(history, db, before)
    finally:
        db.close()


def check_found(history, before, rows):
    check_submits(history, before)
    by_experiment = {found.experiment: found for found in before.values()}
    for watcher in history.watchers:
        found = by_experiment[watcher.experiment]
        check_stream(history, "a watch", watcher.events, found, rows)
        check_stream(history, "a replay", found.events, found, rows)
    for number, found in before.items():
        for run in found.runs:
            check_run(history, found, run, [row for row in rows if row.run == run.id])
        check_search(history, number, found)


Row = collections.namedtuple("Row", "run cursor attempt seq kind step replaced")


def stored_rows(db):
    """All stored events by cursor. `replaced`: a metrics event whose step was told again, so that a replay shows the later one."""
    rows = list(db.execute("SELECT runs.id, cursor, events.attempt, seq, kind, events.step FROM events "
                           "JOIN runs ON runs.row = events.run ORDER BY cursor"))
    last = {(run, step): cursor for run, cursor, _, _, kind, step in rows if kind == "metrics"}
    return [Row(*row, row[4] == "metrics" and last[row[0], row[5]] != row[1]) for row in rows]


def check_stream(history, what, events, found, rows):
    """A stream tells each stored event once, in order; only values that were replaced meanwhile may be missing."""
    refusals = [event for event in events if not hasattr(event, "cursor")]
    if refusals:
        return history.violate(f"{what} was refused", refusals)
    runs = {run.id for run in found.runs}
    told = [(event.run_id, event.cursor, event.attempt, event.seq) for event in events]
    stored = [(row.run, row.cursor, row.attempt, row.seq) for row in rows if row.run in runs]
    needed = [(row.run, row.cursor, row.attempt, row.seq) for row in rows if row.run in runs and not row.replaced]
    missing, foreign = set(needed) - set(told), set(told) - set(stored)
    if missing or foreign or told != sorted(set(told), key=lambda one: one[1]):
        history.violate(f"{what} has a gap or a repeat", f"missing {sorted(missing)[:5]}, foreign {sorted(foreign)[:5]}, "
                        f"{len(told)} told, {len(set(told))} different, {len(stored)} stored")
    return None


Found = collections.namedtuple("Found", "experiment runs events losses")


def read(history, experiment):
    found = history.client.call("GetExperiment", id=experiment)
    runs = [history.client.call("GetRun", id=run.id) for run in found.runs]
    losses = {}
    for run in runs:
        answer = history.client.call("QueryMetrics", run_id=run.id, names=["train/loss", "val/loss"])
        losses[run.id] = {series.name: list(series.points) for series in answer.series}
    for run in runs:
        del run.checkpoints[:]  # which exist changes as they are brought to the controller
    return Found(found.id, runs, events_of(history, experiment_id=experiment), losses)


def check_submits(history, before):
    for submit in history.plan.submits:
        found = before.get(submit.number)
        if found is None:
            history.violate("an experiment was not taken", submit.document["name"])
        elif not submit.document.get("search") and len(found.runs) != len(submit.document["seeds"]):
            history.violate("runs are missing", f"{len(found.runs)} of {len(submit.document['seeds'])}")
    if len({found.experiment for found in before.values()}) != len(before):
        history.violate("two requests made one experiment", [found.experiment for found in before.values()])


def check_run(history, found, run, rows):
    events = [event for event in found.events if event.run_id == run.id]
    check_states(history, run, events)
    trained = [row for row in rows if row.seq > 0]
    if [row.seq for row in trained] != list(range(1, len(trained) + 1)):
        history.violate("events have a gap or a repeat", f"run {run.id}: {[row.seq for row in trained]}")
    attempts = [row.attempt for row in trained]
    if attempts != sorted(attempts):
        history.violate("an attempt wrote after a later one", f"run {run.id}: {attempts}")
    check_curve(history, found, run, {row.step: row.attempt for row in trained if row.kind == "metrics"})
    check_beginnings(history, run, events, trained)


def check_states(history, run, events):
    states = [event.state.state for event in events if event.HasField("state")]
    if not states or states[0] != types_pb2.RUN_STATE_QUEUED or states[-1] != run.state or run.state not in FINISHED:
        return history.violate("states do not end with the run's", f"run {run.id}: {states}, it is {run.state}")
    if sum(state in FINISHED for state in states) not in history.retries.get(run.id, {1}):
        history.violate("not one terminal state", f"run {run.id}: {states}")
    if run.state == types_pb2.RUN_STATE_FAILED and run.reason not in FAIR_FAILURES:
        history.violate("a run failed", f"run {run.id}: {run.reason}: {run.message}; {run.stderr_tail[-500:]}")
    return None


def check_curve(history, found, run, latest):
    document = json.loads(run.resolved_document)
    chain = Chain(run.seed, document["optimizer"]["learning_rate"])
    points = found.losses[run.id].get("train/loss", [])
    steps = [point.step for point in points]
    if steps != list(range(1, len(steps) + 1)):
        history.violate("the curve has a hole", f"run {run.id}: {steps}")
    if run.state == types_pb2.RUN_STATE_COMPLETED and len(steps) != document["training"]["steps"]:
        history.violate("a completed run lacks steps", f"run {run.id}: {len(steps)} of {document['training']['steps']}")
    wrong = [(p.step, p.value, p.attempt) for p in points if p.value != chain.fraction(p.step)]
    if wrong:
        history.violate("a loss is wrong", f"run {run.id}: {wrong[:3]}")
    for point in found.losses[run.id].get("val/loss", []):
        if point.value != 1.0 + chain.fraction(point.step):
            history.violate("an evaluation is wrong", f"run {run.id}, step {point.step}")
    told = {point.step: point.attempt for point in points}
    if told != latest:
        history.violate("points are not those of the events", f"run {run.id}: {sorted(set(told.items()) ^ set(latest.items()))[:5]}")


def check_beginnings(history, run, events, trained):
    """No attempt begins at a step that had not been stored before it."""
    began = {event.seq: json.loads(event.started.json).get("resumed_from_step", 0) for event in events if event.HasField("started")}
    highest = 0
    for row in trained:
        if row.kind == "started" and began[row.seq] > highest:
            history.violate("an attempt began beyond what is stored", f"run {run.id}: at {began[row.seq]}, stored up to {highest}")
        if row.kind == "metrics":
            highest = max(highest, row.step)


def check_search(history, number, found):
    """The trials' values come from the document alone: `history.searches` is compared with those of other histories."""
    search = history.plan.submits[number].document.get("search")
    if not search:
        return
    key = json.dumps([search["method"], search["seed"], history.plan.submits[number].document["training"]["steps"]])
    values = [json.loads(run.resolved_document)["optimizer"]["learning_rate"] for run in found.runs]
    history.searches[key] = values
    if len(set(values)) != len(values):
        history.violate("two trials have the same values", values)
    cancelled = any(target == found.experiment for _, target in history.acknowledged)
    if len(values) != search["max_trials"] and not cancelled:
        history.violate("a search has not all its trials", f"{len(values)} of {search['max_trials']}")


def check_database(history, db, before):
    if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        history.violate("the database is damaged", db.execute("PRAGMA integrity_check").fetchall())
    if db.execute("PRAGMA foreign_key_check").fetchall():
        history.violate("the database has dangling rows", db.execute("PRAGMA foreign_key_check").fetchall())
    places = {(run, attempt): [(worker, slot) for slot in json.loads(slots)] for run, attempt, worker, slots in db.execute(
        "SELECT runs.id, attempts.attempt, worker, slots FROM attempts JOIN runs ON runs.row = attempts.run")}
    open_attempts = db.execute("SELECT COUNT(*) FROM attempts WHERE ended_ms IS NULL").fetchone()[0]
    if open_attempts:
        history.violate("an attempt of a finished run has no end", open_attempts)
    num_experiments = db.execute("SELECT COUNT(*) FROM experiments").fetchone()[0]
    if num_experiments != len(before):
        history.violate("experiments that nobody submitted", f"{num_experiments}, submitted were {len(before)}")
    check_trainers(history, places)
    check_artifacts(history, db)
    check_decisions(history, db)


def check_trainers(history, places):
    """At most one trainer worked on a run, and on a slot, at a time: what each noted before it told a step."""
    spans = {}
    resumed = collections.defaultdict(list)
    for pid, at in history.continued:
        resumed[pid].append(at)
    journal = history.folder / "journal"
    for line in journal.read_text().splitlines() if journal.exists() else []:
        run, attempt, pid, at, _ = line.split()
        attempt, pid, at = int(attempt), int(pid), int(at)
        if any(cont <= at <= cont + NOTICES_WITHIN_NANOSECONDS for cont in resumed[pid]):
            continue
        first, last = spans.get((run, attempt, pid), (at, at))
        spans[run, attempt, pid] = min(first, at), max(last, at)
    by_run, by_slot = collections.defaultdict(list), collections.defaultdict(list)
    for (run, attempt, pid), span in spans.items():
        by_run[run].append((span, attempt, pid))
        for place in places.get((run, attempt), []):
            by_slot[place].append((span, f"{run} attempt {attempt}", pid))
    for rule, groups in (("two trainers of one run", by_run), ("two trainers on one slot", by_slot)):
        for key, group in groups.items():
            for (a, what, pid), (b, other, other_pid) in itertools.pairwise(sorted(group)):
                if b[0] < a[1] and pid != other_pid:
                    history.violate(rule, f"{key}: {what} (process {pid}) to {a[1]}, {other} (process {other_pid}) from {b[0]}")


def check_artifacts(history, db):
    """What the controller says that it holds is there, whole."""
    for run, step, attempt, sha256 in db.execute(
            "SELECT runs.id, checkpoints.step, checkpoints.attempt, sha256 FROM checkpoints JOIN runs ON runs.row = checkpoints.run "
            "WHERE stored_ms IS NOT NULL"):
        state = history.controller.folder / "artifacts" / "runs" / run / f"step-{step:08d}.attempt-{attempt}" / "state.safetensors"
        found = hashlib.sha256(state.read_bytes()).hexdigest() if state.exists() else "nothing"
        if found != sha256:
            history.violate("a stored checkpoint is not there", f"{state}: {found}, stored is {sha256}")


def check_decisions(history, db):
    """asha once more, from the stored reports in their order: the same decisions."""
    searched = collections.defaultdict(list)
    rows = db.execute("SELECT runs.experiment, experiments.document, runs.row, rung, rungs.step, metrics, broken, kept FROM rungs "
                      "JOIN runs ON runs.row = rungs.run JOIN experiments ON experiments.row = runs.experiment ORDER BY report")
    for experiment, document, run, rung, step, metrics, broken, kept in rows:
        searched[experiment, document].append((run, rung, step, metrics, broken, kept))
    for (_, document), reports in searched.items():
        document = json.loads(document)
        last = max(rung for _, rung, _, _, _, _ in reports)
        rungs = collections.defaultdict(list)
        for run, rung, step, metrics, broken, kept in reports:
            value = json.loads(metrics)[0]
            loss = float("inf") if broken or isinstance(value, str) else value
            rungs[rung].append((loss, run))
            place = sorted(rungs[rung]).index((loss, run)) + 1
            go_on = max(1, len(rungs[rung]) // document["search"]["reduction_factor"])
            expected = not broken and (place <= go_on or step >= document["training"]["steps"])
            if bool(kept) != expected and rung < last:
                history.violate("a decision is not repeatable", f"row {run}, rung {rung}: place {place}, kept {kept}")
