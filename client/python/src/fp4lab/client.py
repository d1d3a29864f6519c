"""The calls of a controller."""
from __future__ import annotations

import uuid
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from fp4lab import convert, document, errors, progress as progress_bars
from fp4lab._wire import experiments_pb2 as wire
from fp4lab._wire import types_pb2
from fp4lab.address import controller_address
from fp4lab.comparison import Comparison
from fp4lab.connection import Connection
from fp4lab.records import Experiment, QueuedRun, Run, Worker
from fp4lab.table import as_frame
from fp4lab.watch import DEFAULT_PATIENCE_SECONDS, Watch

Target = Union[str, Experiment, Run]
_PAGE = 1000


class Client:
    """Talks to one controller. Ids may be shortened to any prefix that fits one thing only. Thread-safe.

    address: "HOST:PORT" or "HOST"; None: FP4_CONTROLLER, else the controller that `fp4ctl up` started on this machine.
    user: who calls, for `created_by`; nobody checks it.
    """

    def __init__(self, address: Optional[str] = None, user: Optional[str] = None):
        self._given = address
        self._user = user
        self._connection = self._connect()

    @property
    def address(self) -> str:
        return self._connection.address

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    # Documents.

    def submit(self, source: document.Source, overrides: Optional[Mapping[str, Any]] = None) -> Experiment:
        """Queues one run for each variant and seed. `source`: a file's path, or the document as a mapping.

        overrides: {"training.steps": 100}, applied after the variants. Relative paths start from the document's folder, those
        of a mapping and of overrides from the current one. Raises DocumentError with the place of every problem.
        """
        return self._create(source, overrides, validate_only=False)

    def validate(self, source: document.Source, overrides: Optional[Mapping[str, Any]] = None) -> Experiment:
        """Checks everything and stores nothing. The runs that there would be have no ids."""
        return self._create(source, overrides, validate_only=True)

    def _create(self, source: document.Source, overrides: Optional[Mapping[str, Any]], validate_only: bool) -> Experiment:
        read = document.read(source)
        request = wire.CreateExperimentRequest(
            document=read.text, document_name=read.name, validate_only=validate_only, request_id=uuid.uuid4().hex,
            overrides=[document.override(path, value) for path, value in (overrides or {}).items()])
        try:
            answer = self._connection.call("CreateExperiment", request, read.name)
        except errors.ConnectionFailed:
            # The answer may have got lost: the request's id makes a second call harmless.
            answer = self._connection.call("CreateExperiment", request, read.name)
        return self._whole(answer.experiment)

    # What there is.

    def experiment(self, id: str) -> Experiment:
        return self._whole(self._connection.call("GetExperiment", wire.GetExperimentRequest(id=id)))

    def run(self, id: str) -> Run:
        """All about a run: the resolved document and the checkpoints too."""
        return convert.record(Run, self._connection.call("GetRun", wire.GetRunRequest(id=id)))

    def experiments(self, project: str = "", limit: Optional[int] = None) -> List[Experiment]:
        """Newest first, without their runs."""
        found = self._pages("ListExperiments", wire.ListExperimentsRequest(project=project), "experiments", limit)
        return [convert.record(Experiment, one) for one in found]

    def runs(self, experiment: Target = "", states: Iterable[str] = (), limit: Optional[int] = None) -> List[Run]:
        """The runs of an experiment, else all; states: "running", "failed", …"""
        request = wire.ListRunsRequest(experiment_id=_id(experiment), states=[_state(name) for name in states])
        return [convert.record(Run, one) for one in self._pages("ListRuns", request, "runs", limit)]

    def queue(self) -> List[QueuedRun]:
        """The queued runs in the order in which they get slots."""
        found: List[QueuedRun] = []
        while True:
            after = found[-1].position if found else 0
            answer = self._connection.call("ListQueue", wire.ListQueueRequest(after_position=after, page_size=_PAGE))
            found += [convert.record(QueuedRun, one) for one in answer.runs]
            if len(answer.runs) < _PAGE:
                return found

    def workers(self) -> List[Worker]:
        return [convert.record(Worker, one) for one in self._connection.call("ListWorkers", wire.ListWorkersRequest()).workers]

    # Changes.

    def cancel(self, target: Target) -> Union[Experiment, Run]:
        """A queued run ends at once, a running one when its worker has stopped it. Repeating is harmless."""
        found = self._find(target)
        if isinstance(found, Run):
            return convert.record(Run, self._connection.call("CancelRun", wire.CancelRunRequest(id=found.id)))
        return self._whole(self._connection.call("CancelExperiment", wire.CancelExperimentRequest(id=found.id)))

    def retry(self, run: Target) -> Run:
        """Queues a failed or cancelled run again; it goes on from its newest stored checkpoint."""
        return convert.record(Run, self._connection.call("RetryRun", wire.RetryRunRequest(id=_id(run))))

    def delete(self, experiment: Target) -> None:
        """Removes an experiment with all its results. Refused while a run has not finished."""
        self._connection.call("DeleteExperiment", wire.DeleteExperimentRequest(id=_id(experiment)))

    # Watching.

    def watch(self, target: Union[Target, Sequence[str]], cursor: int = 0, follow: bool = True, only_new: bool = False,
              patience: float = DEFAULT_PATIENCE_SECONDS, timeout: Optional[float] = None) -> Watch:
        """The events of an experiment, a run or several runs: what is stored, then what comes, until all has finished.

        cursor: of the last event that was seen; 0: from the beginning. follow=False: only what is stored. only_new: what comes
        from now on. patience: how many seconds a lost controller is waited for. timeout: seconds in all, then TimeoutError.
        """
        request = wire.WatchRequest(cursor=cursor, no_follow=not follow, follow_only=only_new)
        if not isinstance(target, (str, Experiment, Run)):
            request.run_ids.extend(self.run(one).id for one in target)
        else:
            found = self._find(target)
            if isinstance(found, Run):
                request.run_ids.append(found.id)
            else:
                request.experiment_id = found.id
        return Watch(self._connect, request, patience, timeout)

    def wait(self, target: Target, progress: bool = False, timeout: Optional[float] = None, check: bool = True) -> Union[Experiment, Run]:
        """Waits until an experiment or a run has finished, and gives it as it is then.

        progress: shows how far it is. timeout: seconds, then TimeoutError; the runs go on. check: RunsFailed if one of the runs
        did not complete (a trial that its search has stopped has gone well).
        """
        found = self._find(target)
        runs = [found] if isinstance(found, Run) else list(found.runs)
        counted = progress_bars.Progress(runs)
        display = progress_bars.make_display(counted.total_steps) if progress else None
        try:
            with self.watch(found, timeout=timeout) as events:
                for event in events:
                    counted.take(event)
                    if display is not None:
                        display.show(counted)
        finally:
            if display is not None:
                display.close()
        now = self._find(found)
        failed = [run for run in ([now] if isinstance(now, Run) else now.runs) if not run.ended_well]
        if check and failed:
            raise errors.RunsFailed(failed)
        return now

    # Numbers.

    def metric_names(self, target: Target) -> List[str]:
        """Of an experiment: of all its runs together."""
        names = {value for run in self._runs_of(target) for value in run.latest}
        return sorted(names)

    def metrics(self, target: Target, names: Union[str, Sequence[str]], max_points: int = 0, from_step: int = 0, to_step: int = 0) -> Any:
        """The values of metrics as a pandas DataFrame, or as a dict of lists where pandas is missing: see metric_columns."""
        return as_frame(self.metric_columns(target, names, max_points, from_step, to_step))

    def metric_columns(self, target: Target, names: Union[str, Sequence[str]], max_points: int = 0, from_step: int = 0,
                       to_step: int = 0) -> Dict[str, List[Any]]:
        """Columns run, variant, seed, metric, step, value, attempt: a row for each step of each metric of each run, exactly as
        stored, and of a step that was made twice the attempt that counts.

        max_points: at most so many of each curve, minima and maxima kept; 0: all. to_step 0: no end. Raises UnknownMetric
        when no run has one of the names.
        """
        wanted = [names] if isinstance(names, str) else list(names)
        columns: Dict[str, List[Any]] = {name: [] for name in ("run", "variant", "seed", "metric", "step", "value", "attempt")}
        seen, known = set(), set()
        for run in self._runs_of(target):
            request = wire.QueryMetricsRequest(run_id=run.id, names=wanted, max_points=max_points, from_step=from_step, to_step=to_step)
            missing = self._add_series(run, request, columns)
            seen |= set(wanted) - set(missing[0])
            known |= set(missing[1])
        for name in wanted:
            if name not in seen:
                raise errors.UnknownMetric(name, sorted(known))
        return columns

    def _add_series(self, run: Run, request: wire.QueryMetricsRequest, columns: Dict[str, List[Any]]) -> Tuple[List[str], List[str]]:
        """Adds the pages of an answer. Gives the names that the run has no series of, and those that there are."""
        unknown: List[str] = []
        known: List[str] = []
        while True:
            answer = self._connection.call("QueryMetrics", request)
            unknown, known = unknown or list(answer.unknown_names), known or list(answer.known_names)
            for series in answer.series:
                num = len(series.points)
                columns["run"] += [run.id] * num
                columns["variant"] += [run.variant] * num
                columns["seed"] += [run.seed] * num
                columns["metric"] += [series.name] * num
                columns["step"] += [point.step for point in series.points]
                columns["value"] += [point.value for point in series.points]
                columns["attempt"] += [point.attempt for point in series.points]
            if not answer.next_page_token:
                return unknown, known
            request.page_token = answer.next_page_token

    def compare(self, experiment: Target, metric: str = "", reference: str = "", margin: float = 0.0, last: int = 0,
                at: str = "") -> Comparison:
        """The variants against a reference, paired by seed, with a verdict for each (docs/comparison.md).

        metric: empty: val/loss. reference: empty: "baseline", else the first. margin: of "no worse by". last: a run's value is
        the mean of so many last ones; 0: as the document says. at: "steps", "tokens", "time", "bytes"; empty: each at its end.
        """
        axes: Dict[str, Any] = {convert.enum_name(_AT_FIELD, number): number for number in wire.ComparisonAxis.values() if number}
        if at and at not in axes:
            raise ValueError(f"at: is '{at}'; allowed: {', '.join(axes)}")
        request = wire.CompareRequest(experiment_id=_id(experiment), metric=metric, reference=reference, margin=margin, last=last,
                                      at=axes[at] if at else None)
        return convert.record(Comparison, self._connection.call("Compare", request))

    # Ways to the above.

    def _connect(self) -> Connection:
        return Connection(controller_address(self._given), self._user)

    def _find(self, target: Target) -> Union[Experiment, Run]:
        """What an id names now."""
        if isinstance(target, Run):
            return self.run(target.id)
        if isinstance(target, Experiment):
            return self.experiment(target.id)
        try:
            return self.experiment(target)
        except errors.NotFound:
            return self.run(target)

    def _runs_of(self, target: Target) -> List[Run]:
        found = self._find(target)
        return [found] if isinstance(found, Run) else list(found.runs)

    def _whole(self, message: Any) -> Experiment:
        """With the pages of its runs that are missing."""
        while message.next_page_token:
            more = self._connection.call("GetExperiment", wire.GetExperimentRequest(id=message.id, page_token=message.next_page_token))
            message.runs.extend(more.runs)
            message.next_page_token = more.next_page_token
        return convert.record(Experiment, message)

    def _pages(self, method: str, request: Any, field: str, limit: Optional[int]) -> List[Any]:
        found: List[Any] = []
        while limit is None or len(found) < limit:
            request.page_size = _PAGE if limit is None else min(_PAGE, limit - len(found))
            answer = self._connection.call(method, request)
            found += getattr(answer, field)
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        return found


_AT_FIELD = wire.CompareRequest.DESCRIPTOR.fields_by_name["at"]
_STATE_FIELD = types_pb2.Run.DESCRIPTOR.fields_by_name["state"]


def _id(target: Target) -> str:
    return target if isinstance(target, str) else target.id


def _state(name: str) -> Any:
    states = {convert.enum_name(_STATE_FIELD, number): number for number in types_pb2.RunState.values() if number}
    if name not in states:
        raise ValueError(f"states: is '{name}'; allowed: {', '.join(states)}")
    return states[name]
