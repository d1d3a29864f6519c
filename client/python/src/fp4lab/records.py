"""What the controller keeps, as immutable records. Times are UTC; None: there is no such thing (yet)."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional, Tuple

FINISHED_STATES = ("completed", "failed", "cancelled")
STOPPED_BY_SEARCH = "stopped_by_search"     # a reason of base/reasons.h


@dataclass(frozen=True)
class Checkpoint:
    path: str       # absolute, on the worker's host
    step: int
    bytes: int
    sha256: str     # of state.safetensors
    attempt: int    # this and `stored` are not filled in events
    stored: bool    # the controller holds it


@dataclass(frozen=True)
class Finding:
    """What a health check found."""

    severity: str   # "warning", "error"
    code: str       # a stable string: "frozen_layer" (docs/operations.md)
    layer: str      # empty: the run as a whole
    message: str


@dataclass(frozen=True)
class Run:
    """One variant under one seed. What is marked with * only Client.run gives; elsewhere it is empty."""

    id: str
    experiment_id: str
    experiment_name: str
    variant: str
    seed: int
    state: str                  # "queued", "assigned", "running", "cancelling", "completed", "failed", "cancelled"
    reason: str                 # of the last change of state, a stable string
    message: str                # for people; of a queued run why it waits
    attempt: int                # 0: never assigned
    num_restarts: int
    worker: str
    slots: Tuple[int, ...]
    step: int                   # the highest reported
    total_steps: int
    create_time: Optional[datetime]
    start_time: Optional[datetime]
    finish_time: Optional[datetime]
    latest: Mapping[str, float]         # the newest value of each metric; those of single layers *
    health: Tuple[Finding, ...]
    resolved_document: str              # * JSON
    started_json: str                   # * what the trainer says of itself, JSON
    checkpoints: Tuple[Checkpoint, ...]     # * newest last
    stderr_tail: str                    # * the last lines of an attempt that ended
    needs: str                          # * what would start a queued run
    wait_reason: str                    # * what a queued run waits for, a word of docs/scheduling.md

    @property
    def finished(self) -> bool:
        return self.state in FINISHED_STATES

    @property
    def ended_well(self) -> bool:
        """Completed, or stopped by its search because others did better: nothing has gone wrong."""
        return self.state == "completed" or self.reason == STOPPED_BY_SEARCH

    @property
    def document(self) -> Any:
        """The resolved document as Python values; None in lists."""
        return json.loads(self.resolved_document) if self.resolved_document else None


@dataclass(frozen=True)
class Rung:
    """What a trial reported at a rung, and what was decided."""

    step: int
    metric: float
    kept: bool                  # False: it was stopped here
    why: str


@dataclass(frozen=True)
class Trial:
    run_id: str
    values_json: str            # {"optimizer.learning_rate": 0.001}
    rungs: Tuple[Rung, ...]
    state: str                  # of the run; "stopped": the search ended it
    why: str
    variant: str
    seed: int
    number: int                 # from 1, in the order in which they were made
    best: bool                  # with several metrics: no other one is better in all
    metrics: Tuple[float, ...]  # of a completed trial, in the order of Search.metrics

    @property
    def values(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.values_json)
        return found


@dataclass(frozen=True)
class Search:
    method: str                 # "grid", "random", "asha"
    metrics: Tuple[str, ...]
    goals: Tuple[str, ...]      # "minimize", "maximize": one for each metric
    trials: Tuple[Trial, ...]
    num_trials: int             # that there will be, those made included
    num_invalid: int            # values of which no document could be made
    ended: str                  # why no further trial is made; empty: some are still to come


@dataclass(frozen=True)
class Experiment:
    """A document as submitted, and its runs (none in lists of experiments)."""

    id: str
    name: str
    project: str
    description: str
    labels: Tuple[str, ...]
    document: str
    document_name: str
    overrides: Tuple[str, ...]
    created_by: str
    create_time: Optional[datetime]
    runs: Tuple[Run, ...]
    num_runs: int
    num_finished: int
    search: Optional[Search]    # Client.experiment only, of an experiment that has one


@dataclass(frozen=True)
class QueuedRun:
    run_id: str
    position: int   # from 1
    why: str        # what it waits for now
    needs: str      # what would start it
    reason: str     # the same as `why` for programs: a word of docs/scheduling.md


@dataclass(frozen=True)
class Slot:
    index: int
    kind: str               # "cpu", "gpu"
    device: str
    name: str
    memory_bytes: int
    cpu_threads: int
    cpu_compute_dtype: str
    run_id: str             # empty: free


@dataclass(frozen=True)
class HostFacts:
    """What a worker tells of its host."""

    time: Optional[datetime]    # its clock
    free_bytes: int             # on the disk of its work directory
    total_bytes: int
    clock_ahead: Optional[timedelta]    # of the controller's, within the delay of a call


@dataclass(frozen=True)
class Worker:
    id: str
    name: str
    host: str
    version: str
    slots: Tuple[Slot, ...]
    connected: bool
    last_seen_time: Optional[datetime]
    problem: str            # why it gets no work although it is connected; empty: it does
    drain: str              # "unspecified": it takes new runs; "draining", "draining_now"
    host_facts: Optional[HostFacts]
