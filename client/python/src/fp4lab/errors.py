"""What can go wrong, and what a controller says about it."""
from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

import grpc

from fp4lab._wire import errors_pb2, rpc_errors_pb2

_DETAILS_KEY = "grpc-status-details-bin"


class Error(Exception):
    """Every error of this package."""


class ConnectionFailed(Error):
    """No controller answers, or what answers is none."""


class Refused(Error):
    """The controller said no. `reason` is a stable string (docs/api.md); the message is for people."""

    def __init__(self, message: str, reason: str, code: str):
        super().__init__(message)
        self.reason = reason
        self.code = code


class NotFound(Refused):
    """No experiment, run or worker of that id."""


class InvalidRequest(Refused):
    """An argument that the controller does not take, or an id that fits several things."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a document."""

    path: str                  # of the field: "precision.default"
    line: int                  # in the document's text, from 1; 0: the document as a whole, or an override
    column: int
    override: str              # "training.steps=many", when the problem is in an override
    message: str

    def describe(self, document_name: str) -> str:
        place = f"{document_name}:{self.line}:{self.column}" if self.line > 0 and not self.override else document_name
        what = f"override {self.override}: " if self.override else f"{self.path}: " if self.path else ""
        return f"{place}: error: {what}{self.message}"


class DocumentError(Refused):
    """A document that the controller does not take. `problems` has all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem], reason: str, code: str, document_name: str):
        super().__init__("\n".join(problem.describe(document_name) for problem in problems), reason, code)
        self.problems: Tuple[Problem, ...] = tuple(problems)
        self.document_name = document_name


class UnknownMetric(Error):
    """No run that was asked has a metric of that name."""

    def __init__(self, name: str, known: Sequence[str]):
        close = difflib.get_close_matches(name, known, 1)
        shown = ", ".join(n for n in known if not n.startswith("quant/")) or "none yet"
        super().__init__(f"no metric '{name}'" + (f"; did you mean '{close[0]}'" if close else "") + f"; there are: {shown}")
        self.name = name
        self.known: Tuple[str, ...] = tuple(known)


class RunsFailed(Error):
    """Runs that were waited for have ended otherwise than completed. `runs` has them."""

    def __init__(self, runs: Sequence[Any]):
        lines = [f"{run.id} ({run.variant}, seed {run.seed}): {run.state}" + (f": {run.message}" if run.message else "") for run in runs]
        super().__init__(f"{len(runs)} of the runs did not complete:\n" + "\n".join(lines))
        self.runs = tuple(runs)


def from_rpc(error: grpc.RpcError, address: str, document_name: str = "document") -> Error:
    """What the error of a call means."""
    details = _details(error)
    info = details.get("ErrorInfo")
    code = error.code()
    if info is None or info.domain != "fp4lab":
        return ConnectionFailed(_words_for(error, address))
    reason = info.reason
    if reason == "SHUTTING_DOWN":
        return ConnectionFailed(f"the controller at {address} is shutting down")
    problems = _problems(details)
    if problems:
        return DocumentError(problems, reason, code.name, document_name)
    kind = NotFound if reason == "NOT_FOUND" else InvalidRequest if code == grpc.StatusCode.INVALID_ARGUMENT else Refused
    return kind(error.details() or reason, reason, code.name)


def is_connection_loss(error: grpc.RpcError) -> bool:
    """Whether the connection failed rather than the request: errors that the controller itself means carry a reason."""
    info = _details(error).get("ErrorInfo")
    if info is not None:
        return bool(info.reason == "SHUTTING_DOWN")
    return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)


def _words_for(error: grpc.RpcError, address: str) -> str:
    # Our controllers give a reason with every error: this one comes from gRPC itself or from another program.
    if error.code() == grpc.StatusCode.UNAVAILABLE:
        return f"no controller answers at {address}; start one with `fp4ctl up`, or name one with Client('HOST:PORT') or FP4_CONTROLLER"
    if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"the controller at {address} has not answered in time"
    return f"what answers at {address} is no fp4lab controller, or one of another release: {error.details()}"


_MESSAGES: "dict[str, Any]" = {"ErrorInfo": rpc_errors_pb2.ErrorInfo, "BadRequest": rpc_errors_pb2.BadRequest,
                               "DocumentPlaces": errors_pb2.DocumentPlaces}


def _details(error: grpc.RpcError) -> "dict[str, Any]":
    metadata: Any = error.trailing_metadata() or ()
    for key, value in metadata:
        if key == _DETAILS_KEY:
            status = rpc_errors_pb2.Status.FromString(value)
            # By the name's last part: the details are google.rpc's, and the message here is of the same form.
            names = [(detail.type_url.rpartition(".")[2], detail.value) for detail in status.details]
            return {name: _MESSAGES[name].FromString(data) for name, data in names if name in _MESSAGES}
    return {}


def _problems(details: "dict[str, Any]") -> "list[Problem]":
    places: Optional[Any] = details.get("DocumentPlaces")
    request = details.get("BadRequest")
    if places is None or request is None:
        return []
    found = []
    for place, violation in zip(places.places, request.field_violations):
        text = violation.description.encode()[place.text_at:].decode(errors="replace")
        found.append(Problem(violation.field, place.line, place.column, place.override_text, text))
    return found
