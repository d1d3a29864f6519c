from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DocumentPlaces(_message.Message):
    __slots__ = ["places"]
    class Place(_message.Message):
        __slots__ = ["column", "line", "override_text", "text_at"]
        COLUMN_FIELD_NUMBER: _ClassVar[int]
        LINE_FIELD_NUMBER: _ClassVar[int]
        OVERRIDE_TEXT_FIELD_NUMBER: _ClassVar[int]
        TEXT_AT_FIELD_NUMBER: _ClassVar[int]
        column: int
        line: int
        override_text: str
        text_at: int
        def __init__(self, line: _Optional[int] = ..., column: _Optional[int] = ..., override_text: _Optional[str] = ..., text_at: _Optional[int] = ...) -> None: ...
    PLACES_FIELD_NUMBER: _ClassVar[int]
    places: _containers.RepeatedCompositeFieldContainer[DocumentPlaces.Place]
    def __init__(self, places: _Optional[_Iterable[_Union[DocumentPlaces.Place, _Mapping]]] = ...) -> None: ...
