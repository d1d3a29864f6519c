"""Messages of the wire to records: a record's field is filled from the message's field of that name."""
from __future__ import annotations

import dataclasses
import typing
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Dict, Mapping, Optional, Type, TypeVar

from fp4lab import events
from fp4lab._wire import types_pb2

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def record(kind: Type[T], message: Any) -> T:
    """`message` as the dataclass `kind`."""
    typed: Any = kind
    values = {name: _value(hint, message, name) for name, hint in _fields(typed).items()}
    return kind(**values)


def event(message: types_pb2.Event) -> Optional[events.Event]:
    """None: of a kind that this release does not know, to be passed over."""
    kind = message.WhichOneof("kind")
    if kind is None or kind not in events.KINDS:
        return None
    data: Any = record(events.KINDS[kind], getattr(message, kind))
    return events.Event(message.cursor, message.run_id, message.attempt, message.seq, _time(message, "time"), kind, data)


@lru_cache(maxsize=None)
def _fields(kind: Any) -> Dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _is_record(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint)


def _value(hint: Any, message: Any, name: str) -> Any:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.message_type is not None and field.message_type.full_name in _TIMES:
        return _TIMES[field.message_type.full_name](message, name)
    arguments = [a for a in typing.get_args(hint) if a is not type(None)]
    origin = typing.get_origin(hint)
    value = getattr(message, name)
    if origin is tuple:
        item: Any = arguments[0]
        return tuple(record(item, one) if _is_record(item) else one for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {one.name: one.value for one in value}
    if origin is typing.Union and not message.HasField(name):
        return None
    inner: Any = arguments[0] if origin is typing.Union else hint
    if _is_record(inner):
        return record(inner, value)
    return enum_name(field, value) if field.enum_type is not None else value


def enum_name(field: Any, number: int) -> str:
    """The value's own word in small letters: RUN_STATE_QUEUED of RunState is "queued"; a number that is not known, itself."""
    value = field.enum_type.values_by_number.get(number)
    if value is None:
        return str(number)
    prefix = field.enum_type.values_by_number[0].name[:-len("UNSPECIFIED")]
    return str(value.name[len(prefix):] if value.name.startswith(prefix) else value.name).lower()


def _time(message: Any, name: str) -> Optional[datetime]:
    if not message.HasField(name):
        return None
    stamp = getattr(message, name)
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def _duration(message: Any, name: str) -> Optional[timedelta]:
    if not message.HasField(name):
        return None
    span = getattr(message, name)
    return timedelta(seconds=span.seconds, microseconds=span.nanos // 1000)


_TIMES = {"google.protobuf.Timestamp": _time, "google.protobuf.Duration": _duration}
