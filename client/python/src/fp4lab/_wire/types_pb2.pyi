from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
RUN_STATE_ASSIGNED: RunState
RUN_STATE_CANCELLED: RunState
RUN_STATE_CANCELLING: RunState
RUN_STATE_COMPLETED: RunState
RUN_STATE_FAILED: RunState
RUN_STATE_QUEUED: RunState
RUN_STATE_RUNNING: RunState
RUN_STATE_UNSPECIFIED: RunState

class Checkpoint(_message.Message):
    __slots__ = ["attempt", "bytes", "path", "sha256", "step", "stored"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    bytes: int
    path: str
    sha256: str
    step: int
    stored: bool
    def __init__(self, path: _Optional[str] = ..., step: _Optional[int] = ..., bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., attempt: _Optional[int] = ..., stored: bool = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ["json", "step"]
    JSON_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    json: str
    step: int
    def __init__(self, step: _Optional[int] = ..., json: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ["attempt", "checkpoint", "cursor", "decision", "finished", "health", "log", "metrics", "precision_switch", "run_id", "sensitivity", "seq", "started", "state", "time", "unknown"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    PRECISION_SWITCH_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    checkpoint: Checkpoint
    cursor: int
    decision: Decision
    finished: Finished
    health: Health
    log: Log
    metrics: Metrics
    precision_switch: PrecisionSwitch
    run_id: str
    sensitivity: Sensitivity
    seq: int
    started: Started
    state: StateChange
    time: _timestamp_pb2.Timestamp
    unknown: Unknown
    def __init__(self, cursor: _Optional[int] = ..., run_id: _Optional[str] = ..., attempt: _Optional[int] = ..., seq: _Optional[int] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[Started, _Mapping]] = ..., metrics: _Optional[_Union[Metrics, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., health: _Optional[_Union[Health, _Mapping]] = ..., log: _Optional[_Union[Log, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ..., state: _Optional[_Union[StateChange, _Mapping]] = ..., unknown: _Optional[_Union[Unknown, _Mapping]] = ..., precision_switch: _Optional[_Union[PrecisionSwitch, _Mapping]] = ..., sensitivity: _Optional[_Union[Sensitivity, _Mapping]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ...) -> None: ...

class Experiment(_message.Message):
    __slots__ = ["create_time", "created_by", "description", "document", "document_name", "id", "labels", "name", "next_page_token", "num_finished", "num_runs", "overrides", "project", "runs", "search"]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NUM_FINISHED_FIELD_NUMBER: _ClassVar[int]
    NUM_RUNS_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    create_time: _timestamp_pb2.Timestamp
    created_by: str
    description: str
    document: str
    document_name: str
    id: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    name: str
    next_page_token: str
    num_finished: int
    num_runs: int
    overrides: _containers.RepeatedScalarFieldContainer[str]
    project: str
    runs: _containers.RepeatedCompositeFieldContainer[Run]
    search: Search
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., project: _Optional[str] = ..., description: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ..., document: _Optional[str] = ..., document_name: _Optional[str] = ..., overrides: _Optional[_Iterable[str]] = ..., created_by: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., runs: _Optional[_Iterable[_Union[Run, _Mapping]]] = ..., num_runs: _Optional[int] = ..., num_finished: _Optional[int] = ..., next_page_token: _Optional[str] = ..., search: _Optional[_Union[Search, _Mapping]] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ["reason", "status"]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    status: str
    def __init__(self, status: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Health(_message.Message):
    __slots__ = ["code", "layer", "message", "severity"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    code: str
    layer: str
    message: str
    severity: str
    def __init__(self, severity: _Optional[str] = ..., code: _Optional[str] = ..., layer: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class HostFacts(_message.Message):
    __slots__ = ["clock_ahead", "free_bytes", "time", "total_bytes"]
    CLOCK_AHEAD_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    clock_ahead: _duration_pb2.Duration
    free_bytes: int
    time: _timestamp_pb2.Timestamp
    total_bytes: int
    def __init__(self, time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., free_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ..., clock_ahead: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ["message", "severity"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    message: str
    severity: str
    def __init__(self, severity: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ["step", "values"]
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    step: int
    values: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, step: _Optional[int] = ..., values: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class PrecisionSwitch(_message.Message):
    __slots__ = ["error", "error_above", "gradient", "gradient_above", "layer", "relative", "step", "to"]
    ERROR_ABOVE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_ABOVE_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    error: float
    error_above: float
    gradient: float
    gradient_above: float
    layer: str
    relative: bool
    step: int
    to: str
    def __init__(self, step: _Optional[int] = ..., layer: _Optional[str] = ..., to: _Optional[str] = ..., gradient: _Optional[float] = ..., gradient_above: _Optional[float] = ..., error: _Optional[float] = ..., error_above: _Optional[float] = ..., relative: bool = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ["attempt", "checkpoints", "create_time", "experiment_id", "experiment_name", "finish_time", "health", "id", "latest", "message", "needs", "num_restarts", "reason", "resolved_document", "seed", "slots", "start_time", "started_json", "state", "stderr_tail", "step", "total_steps", "variant", "wait_reason", "worker"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    NUM_RESTARTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    STARTED_JSON_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STDERR_TAIL_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    WAIT_REASON_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    checkpoints: _containers.RepeatedCompositeFieldContainer[Checkpoint]
    create_time: _timestamp_pb2.Timestamp
    experiment_id: str
    experiment_name: str
    finish_time: _timestamp_pb2.Timestamp
    health: _containers.RepeatedCompositeFieldContainer[Health]
    id: str
    latest: _containers.RepeatedCompositeFieldContainer[Value]
    message: str
    needs: str
    num_restarts: int
    reason: str
    resolved_document: str
    seed: int
    slots: _containers.RepeatedScalarFieldContainer[int]
    start_time: _timestamp_pb2.Timestamp
    started_json: str
    state: RunState
    stderr_tail: str
    step: int
    total_steps: int
    variant: str
    wait_reason: str
    worker: str
    def __init__(self, id: _Optional[str] = ..., experiment_id: _Optional[str] = ..., experiment_name: _Optional[str] = ..., variant: _Optional[str] = ..., seed: _Optional[int] = ..., state: _Optional[_Union[RunState, str]] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., attempt: _Optional[int] = ..., num_restarts: _Optional[int] = ..., worker: _Optional[str] = ..., slots: _Optional[_Iterable[int]] = ..., step: _Optional[int] = ..., total_steps: _Optional[int] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., latest: _Optional[_Iterable[_Union[Value, _Mapping]]] = ..., health: _Optional[_Iterable[_Union[Health, _Mapping]]] = ..., resolved_document: _Optional[str] = ..., started_json: _Optional[str] = ..., checkpoints: _Optional[_Iterable[_Union[Checkpoint, _Mapping]]] = ..., stderr_tail: _Optional[str] = ..., needs: _Optional[str] = ..., wait_reason: _Optional[str] = ...) -> None: ...

class Rung(_message.Message):
    __slots__ = ["kept", "metric", "step", "why"]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    kept: bool
    metric: float
    step: int
    why: str
    def __init__(self, step: _Optional[int] = ..., metric: _Optional[float] = ..., kept: bool = ..., why: _Optional[str] = ...) -> None: ...

class Search(_message.Message):
    __slots__ = ["ended", "goals", "method", "metrics", "num_invalid", "num_trials", "trials"]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    GOALS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    NUM_INVALID_FIELD_NUMBER: _ClassVar[int]
    NUM_TRIALS_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    ended: str
    goals: _containers.RepeatedScalarFieldContainer[str]
    method: str
    metrics: _containers.RepeatedScalarFieldContainer[str]
    num_invalid: int
    num_trials: int
    trials: _containers.RepeatedCompositeFieldContainer[Trial]
    def __init__(self, method: _Optional[str] = ..., metrics: _Optional[_Iterable[str]] = ..., goals: _Optional[_Iterable[str]] = ..., trials: _Optional[_Iterable[_Union[Trial, _Mapping]]] = ..., num_trials: _Optional[int] = ..., num_invalid: _Optional[int] = ..., ended: _Optional[str] = ...) -> None: ...

class Sensitivity(_message.Message):
    __slots__ = ["json", "step"]
    JSON_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    json: str
    step: int
    def __init__(self, step: _Optional[int] = ..., json: _Optional[str] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ["cpu_compute_dtype", "cpu_threads", "device", "index", "kind", "memory_bytes", "name", "run_id"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    CPU: Slot.Kind
    CPU_COMPUTE_DTYPE_FIELD_NUMBER: _ClassVar[int]
    CPU_THREADS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    GPU: Slot.Kind
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_UNSPECIFIED: Slot.Kind
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    cpu_compute_dtype: str
    cpu_threads: int
    device: str
    index: int
    kind: Slot.Kind
    memory_bytes: int
    name: str
    run_id: str
    def __init__(self, index: _Optional[int] = ..., kind: _Optional[_Union[Slot.Kind, str]] = ..., device: _Optional[str] = ..., name: _Optional[str] = ..., memory_bytes: _Optional[int] = ..., cpu_threads: _Optional[int] = ..., cpu_compute_dtype: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ["json"]
    JSON_FIELD_NUMBER: _ClassVar[int]
    json: str
    def __init__(self, json: _Optional[str] = ...) -> None: ...

class StateChange(_message.Message):
    __slots__ = ["message", "reason", "state", "worker"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    message: str
    reason: str
    state: RunState
    worker: str
    def __init__(self, state: _Optional[_Union[RunState, str]] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., worker: _Optional[str] = ...) -> None: ...

class Trial(_message.Message):
    __slots__ = ["best", "metrics", "number", "run_id", "rungs", "seed", "state", "values_json", "variant", "why"]
    BEST_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VALUES_JSON_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    best: bool
    metrics: _containers.RepeatedScalarFieldContainer[float]
    number: int
    run_id: str
    rungs: _containers.RepeatedCompositeFieldContainer[Rung]
    seed: int
    state: str
    values_json: str
    variant: str
    why: str
    def __init__(self, run_id: _Optional[str] = ..., values_json: _Optional[str] = ..., rungs: _Optional[_Iterable[_Union[Rung, _Mapping]]] = ..., state: _Optional[str] = ..., why: _Optional[str] = ..., variant: _Optional[str] = ..., seed: _Optional[int] = ..., number: _Optional[int] = ..., best: bool = ..., metrics: _Optional[_Iterable[float]] = ...) -> None: ...

class Unknown(_message.Message):
    __slots__ = ["json", "type"]
    JSON_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    json: str
    type: str
    def __init__(self, type: _Optional[str] = ..., json: _Optional[str] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ["name", "value"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ["connected", "drain", "host", "host_facts", "id", "last_seen_time", "name", "problem", "slots", "version"]
    class Drain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    DRAINING: Worker.Drain
    DRAINING_NOW: Worker.Drain
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    DRAIN_UNSPECIFIED: Worker.Drain
    HOST_FACTS_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    connected: bool
    drain: Worker.Drain
    host: str
    host_facts: HostFacts
    id: str
    last_seen_time: _timestamp_pb2.Timestamp
    name: str
    problem: str
    slots: _containers.RepeatedCompositeFieldContainer[Slot]
    version: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., host: _Optional[str] = ..., version: _Optional[str] = ..., slots: _Optional[_Iterable[_Union[Slot, _Mapping]]] = ..., connected: bool = ..., last_seen_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ..., drain: _Optional[_Union[Worker.Drain, str]] = ..., host_facts: _Optional[_Union[HostFacts, _Mapping]] = ...) -> None: ...

class RunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
