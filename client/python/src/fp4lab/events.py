"""What a watch delivers."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Dict, Mapping, Optional, Union

from fp4lab.records import Checkpoint, Finding


@dataclass(frozen=True)
class StartedEvent:
    json: str       # what the trainer says of itself, and the resolved document


@dataclass(frozen=True)
class MetricsEvent:
    step: int
    values: Mapping[str, float]


CheckpointEvent = Checkpoint
HealthEvent = Finding


@dataclass(frozen=True)
class LogEvent:
    severity: str   # "info", "warning", "error"
    message: str


@dataclass(frozen=True)
class FinishedEvent:
    status: str     # "completed", "failed", "stopped"
    reason: str


@dataclass(frozen=True)
class StateEvent:
    """A change of a run's state, made by the controller."""

    state: str
    reason: str
    message: str
    worker: str


@dataclass(frozen=True)
class UnknownEvent:
    """Of a newer trainer: a kind that the controller does not know."""

    type: str
    json: str


@dataclass(frozen=True)
class PrecisionSwitchEvent:
    """A layer has changed its precision (precision.adaptive)."""

    step: int
    layer: str
    to: str
    gradient: float
    gradient_above: float
    error: float
    error_above: float
    relative: bool


@dataclass(frozen=True)
class SensitivityEvent:
    """What layers would cost the loss under other recipes (the document's `sensitivity`)."""

    step: int
    json: str


@dataclass(frozen=True)
class DecisionEvent:
    """What a budget has decided (precision.budget), with its evidence."""

    step: int
    json: str


Data = Union[StartedEvent, MetricsEvent, CheckpointEvent, HealthEvent, LogEvent, FinishedEvent, StateEvent, UnknownEvent,
             PrecisionSwitchEvent, SensitivityEvent, DecisionEvent]

# By the name of the field in fp4.v1.Event.
KINDS: Dict[str, type] = {
    "started": StartedEvent, "metrics": MetricsEvent, "checkpoint": CheckpointEvent, "health": HealthEvent, "log": LogEvent,
    "finished": FinishedEvent, "state": StateEvent, "unknown": UnknownEvent, "precision_switch": PrecisionSwitchEvent,
    "sensitivity": SensitivityEvent, "decision": DecisionEvent,
}


@dataclass(frozen=True)
class Event:
    """One event of a run. `cursor` goes into Client.watch to go on after it; `seq` is 0 for a change of state."""

    cursor: int
    run_id: str
    attempt: int
    seq: int
    time: Optional[datetime]
    type: str       # "metrics", "state", …: a key of KINDS
    data: Data
