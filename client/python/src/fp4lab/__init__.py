"""Client of fp4lab: submit documents, watch runs, and take their numbers into a notebook.

    import fp4lab
    client = fp4lab.Client()                        # FP4_CONTROLLER, else what `fp4ctl up` started
    experiment = client.submit("which.fp4.json")
    client.wait(experiment, progress=True)
    client.metrics(experiment, "val/loss")          # a DataFrame where pandas is installed
    print(client.compare(experiment))

Every error is an fp4lab.Error; those of a document say the place of each problem.
"""
import os

# gRPC's handlers of fork are on by default, and now and then end the child of a subprocess before its program starts: a
# notebook could not call fp4ctl beside this package. Who sets the variable, or loads grpc before, decides otherwise.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from fp4lab.client import Client  # noqa: E402
from fp4lab.comparison import Comparison, Difference, Interval, ParetoFront, VariantComparison, Verdict
from fp4lab.errors import (ConnectionFailed, DocumentError, Error, InvalidRequest, NotFound, Problem, Refused, RunsFailed,
                           UnknownMetric)
from fp4lab.events import (CheckpointEvent, DecisionEvent, Event, FinishedEvent, HealthEvent, LogEvent, MetricsEvent, PrecisionSwitchEvent,
                           SensitivityEvent, StartedEvent, StateEvent, UnknownEvent)
from fp4lab.records import (Checkpoint, Experiment, Finding, HostFacts, QueuedRun, Run, Rung, Search, Slot, Trial,
                            Worker)
from fp4lab.watch import Watch

__all__ = [
    "Checkpoint", "CheckpointEvent", "Client", "Comparison", "ConnectionFailed", "DecisionEvent", "Difference", "DocumentError", "Error",
    "Event", "Experiment", "Finding", "FinishedEvent", "HealthEvent", "HostFacts", "Interval", "InvalidRequest", "LogEvent",
    "MetricsEvent", "NotFound", "ParetoFront", "PrecisionSwitchEvent", "Problem", "QueuedRun", "Refused", "Run", "Rung",
    "RunsFailed", "Search", "SensitivityEvent", "Slot", "StartedEvent", "StateEvent", "Trial", "UnknownEvent", "UnknownMetric", "VariantComparison",
    "Verdict", "Watch", "Worker",
]
