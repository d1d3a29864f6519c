from fp4lab._wire import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

COMPARISON_AXIS_BYTES: ComparisonAxis
COMPARISON_AXIS_STEPS: ComparisonAxis
COMPARISON_AXIS_TIME: ComparisonAxis
COMPARISON_AXIS_TOKENS: ComparisonAxis
COMPARISON_AXIS_UNSPECIFIED: ComparisonAxis
DESCRIPTOR: _descriptor.FileDescriptor

class CancelExperimentRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class CancelRunRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class CompareRequest(_message.Message):
    __slots__ = ["at", "experiment_id", "last", "margin", "metric", "reference"]
    AT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    at: ComparisonAxis
    experiment_id: str
    last: int
    margin: float
    metric: str
    reference: str
    def __init__(self, experiment_id: _Optional[str] = ..., metric: _Optional[str] = ..., reference: _Optional[str] = ..., margin: _Optional[float] = ..., last: _Optional[int] = ..., at: _Optional[_Union[ComparisonAxis, str]] = ...) -> None: ...

class CompareResponse(_message.Message):
    __slots__ = ["at", "at_limit", "experiment_id", "fronts", "last", "margin", "metric", "reference", "variants", "warnings"]
    AT_FIELD_NUMBER: _ClassVar[int]
    AT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FRONTS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    at: ComparisonAxis
    at_limit: float
    experiment_id: str
    fronts: _containers.RepeatedCompositeFieldContainer[ParetoFront]
    last: int
    margin: float
    metric: str
    reference: str
    variants: _containers.RepeatedCompositeFieldContainer[VariantComparison]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experiment_id: _Optional[str] = ..., metric: _Optional[str] = ..., reference: _Optional[str] = ..., variants: _Optional[_Iterable[_Union[VariantComparison, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ..., at: _Optional[_Union[ComparisonAxis, str]] = ..., at_limit: _Optional[float] = ..., last: _Optional[int] = ..., margin: _Optional[float] = ..., fronts: _Optional[_Iterable[_Union[ParetoFront, _Mapping]]] = ...) -> None: ...

class CreateExperimentRequest(_message.Message):
    __slots__ = ["document", "document_name", "overrides", "request_id", "validate_only"]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    document: str
    document_name: str
    overrides: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    validate_only: bool
    def __init__(self, document: _Optional[str] = ..., document_name: _Optional[str] = ..., overrides: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ..., validate_only: bool = ...) -> None: ...

class CreateExperimentResponse(_message.Message):
    __slots__ = ["experiment"]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    experiment: _types_pb2.Experiment
    def __init__(self, experiment: _Optional[_Union[_types_pb2.Experiment, _Mapping]] = ...) -> None: ...

class DeleteExperimentRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteExperimentResponse(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Difference(_message.Message):
    __slots__ = ["ci95", "mean", "n"]
    CI95_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    N_FIELD_NUMBER: _ClassVar[int]
    ci95: Interval
    mean: float
    n: int
    def __init__(self, mean: _Optional[float] = ..., ci95: _Optional[_Union[Interval, _Mapping]] = ..., n: _Optional[int] = ...) -> None: ...

class ForgetWorkerRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ForgetWorkerResponse(_message.Message):
    __slots__ = ["worker"]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: _types_pb2.Worker
    def __init__(self, worker: _Optional[_Union[_types_pb2.Worker, _Mapping]] = ...) -> None: ...

class GetExperimentRequest(_message.Message):
    __slots__ = ["id", "page_size", "page_token"]
    ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    page_size: int
    page_token: str
    def __init__(self, id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetRunRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ["high", "low"]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    high: float
    low: float
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class ListExperimentsRequest(_message.Message):
    __slots__ = ["page_size", "page_token", "project"]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    project: str
    def __init__(self, project: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExperimentsResponse(_message.Message):
    __slots__ = ["experiments", "next_page_token"]
    EXPERIMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    experiments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Experiment]
    next_page_token: str
    def __init__(self, experiments: _Optional[_Iterable[_Union[_types_pb2.Experiment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListQueueRequest(_message.Message):
    __slots__ = ["after_position", "page_size"]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after_position: int
    page_size: int
    def __init__(self, after_position: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListQueueResponse(_message.Message):
    __slots__ = ["num_queued", "runs"]
    NUM_QUEUED_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    num_queued: int
    runs: _containers.RepeatedCompositeFieldContainer[QueuedRun]
    def __init__(self, runs: _Optional[_Iterable[_Union[QueuedRun, _Mapping]]] = ..., num_queued: _Optional[int] = ...) -> None: ...

class ListRunsRequest(_message.Message):
    __slots__ = ["experiment_id", "page_size", "page_token", "states"]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    page_size: int
    page_token: str
    states: _containers.RepeatedScalarFieldContainer[_types_pb2.RunState]
    def __init__(self, experiment_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_types_pb2.RunState, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRunsResponse(_message.Message):
    __slots__ = ["next_page_token", "runs"]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    next_page_token: str
    runs: _containers.RepeatedCompositeFieldContainer[_types_pb2.Run]
    def __init__(self, runs: _Optional[_Iterable[_Union[_types_pb2.Run, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ["workers"]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[_types_pb2.Worker]
    def __init__(self, workers: _Optional[_Iterable[_Union[_types_pb2.Worker, _Mapping]]] = ...) -> None: ...

class ParetoFront(_message.Message):
    __slots__ = ["cost", "dominated", "variants"]
    COST_FIELD_NUMBER: _ClassVar[int]
    DOMINATED_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    cost: str
    dominated: _containers.RepeatedScalarFieldContainer[str]
    variants: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cost: _Optional[str] = ..., variants: _Optional[_Iterable[str]] = ..., dominated: _Optional[_Iterable[str]] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ["attempt", "step", "value"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    step: int
    value: float
    def __init__(self, step: _Optional[int] = ..., value: _Optional[float] = ..., attempt: _Optional[int] = ...) -> None: ...

class QueryMetricsRequest(_message.Message):
    __slots__ = ["from_step", "max_points", "names", "page_size", "page_token", "run_id", "to_step"]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    MAX_POINTS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TO_STEP_FIELD_NUMBER: _ClassVar[int]
    from_step: int
    max_points: int
    names: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    run_id: str
    to_step: int
    def __init__(self, run_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., max_points: _Optional[int] = ..., from_step: _Optional[int] = ..., to_step: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class QueryMetricsResponse(_message.Message):
    __slots__ = ["known_names", "next_page_token", "series", "unknown_names"]
    KNOWN_NAMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_NAMES_FIELD_NUMBER: _ClassVar[int]
    known_names: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    series: _containers.RepeatedCompositeFieldContainer[Series]
    unknown_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, series: _Optional[_Iterable[_Union[Series, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., unknown_names: _Optional[_Iterable[str]] = ..., known_names: _Optional[_Iterable[str]] = ...) -> None: ...

class QueuedRun(_message.Message):
    __slots__ = ["needs", "position", "reason", "run_id", "why"]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    needs: str
    position: int
    reason: str
    run_id: str
    why: str
    def __init__(self, run_id: _Optional[str] = ..., position: _Optional[int] = ..., why: _Optional[str] = ..., needs: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RetryRunRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Series(_message.Message):
    __slots__ = ["name", "num_points", "points"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUM_POINTS_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    num_points: int
    points: _containers.RepeatedCompositeFieldContainer[Point]
    def __init__(self, name: _Optional[str] = ..., points: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., num_points: _Optional[int] = ...) -> None: ...

class VariantComparison(_message.Message):
    __slots__ = ["accuracy", "bits_per_value", "difference", "excess_loss", "health", "joules", "mean", "n", "name", "num_failed", "num_runs", "peak_bytes", "state_bytes", "std", "tokens_per_second", "train_seconds", "verdict", "weight_bytes"]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    BITS_PER_VALUE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    EXCESS_LOSS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    JOULES_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUM_FAILED_FIELD_NUMBER: _ClassVar[int]
    NUM_RUNS_FIELD_NUMBER: _ClassVar[int]
    N_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    STATE_BYTES_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_BYTES_FIELD_NUMBER: _ClassVar[int]
    accuracy: float
    bits_per_value: float
    difference: Difference
    excess_loss: float
    health: _containers.RepeatedCompositeFieldContainer[_types_pb2.Health]
    joules: float
    mean: float
    n: int
    name: str
    num_failed: int
    num_runs: int
    peak_bytes: float
    state_bytes: float
    std: float
    tokens_per_second: float
    train_seconds: float
    verdict: Verdict
    weight_bytes: float
    def __init__(self, name: _Optional[str] = ..., n: _Optional[int] = ..., mean: _Optional[float] = ..., std: _Optional[float] = ..., difference: _Optional[_Union[Difference, _Mapping]] = ..., accuracy: _Optional[float] = ..., tokens_per_second: _Optional[float] = ..., bits_per_value: _Optional[float] = ..., health: _Optional[_Iterable[_Union[_types_pb2.Health, _Mapping]]] = ..., num_failed: _Optional[int] = ..., num_runs: _Optional[int] = ..., verdict: _Optional[_Union[Verdict, _Mapping]] = ..., excess_loss: _Optional[float] = ..., weight_bytes: _Optional[float] = ..., train_seconds: _Optional[float] = ..., joules: _Optional[float] = ..., state_bytes: _Optional[float] = ..., peak_bytes: _Optional[float] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ["kind", "p_holm", "seeds_needed", "text"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    BETTER: Verdict.Kind
    FAILED: Verdict.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_UNSPECIFIED: Verdict.Kind
    NO_WORSE: Verdict.Kind
    P_HOLM_FIELD_NUMBER: _ClassVar[int]
    REFERENCE: Verdict.Kind
    SEEDS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED: Verdict.Kind
    WORSE: Verdict.Kind
    kind: Verdict.Kind
    p_holm: float
    seeds_needed: int
    text: str
    def __init__(self, kind: _Optional[_Union[Verdict.Kind, str]] = ..., text: _Optional[str] = ..., p_holm: _Optional[float] = ..., seeds_needed: _Optional[int] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ["cursor", "experiment_id", "follow_only", "no_follow", "run_ids"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_ONLY_FIELD_NUMBER: _ClassVar[int]
    NO_FOLLOW_FIELD_NUMBER: _ClassVar[int]
    RUN_IDS_FIELD_NUMBER: _ClassVar[int]
    cursor: int
    experiment_id: str
    follow_only: bool
    no_follow: bool
    run_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experiment_id: _Optional[str] = ..., run_ids: _Optional[_Iterable[str]] = ..., cursor: _Optional[int] = ..., follow_only: bool = ..., no_follow: bool = ...) -> None: ...

class ComparisonAxis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
