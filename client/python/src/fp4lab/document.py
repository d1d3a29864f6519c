"""The document to send: its text, with the paths in it made absolute."""
from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple, Union

# The document's fields that hold a path or a list of paths, and the words among their values that are none.
PATH_FIELDS: Mapping[Tuple[str, ...], Tuple[str, ...]] = {
    ("data", "paths"): (), ("data", "validation_paths"): (), ("data", "tokenizer"): ("bytes",), ("model", "initialize_from"): (),
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|[\[\]{}:,]', re.S)

Source = Union[str, "os.PathLike[str]", Mapping[str, Any]]


@dataclass(frozen=True)
class Document:
    name: str
    text: str


def read(source: Source) -> Document:
    """A file's text, or a mapping as JSON. Relative paths start from the file's folder, else from the current one."""
    if isinstance(source, Mapping):
        return Document("document", absolute_paths(json.dumps(source, indent=2), os.getcwd()))
    path = os.fspath(source)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return Document(path, absolute_paths(text, os.path.dirname(os.path.abspath(path))))


def override(path: str, value: Any, folder: Optional[str] = None) -> str:
    """`path=value` as the controller takes it."""
    text = json.dumps(value)
    words = PATH_FIELDS.get(tuple(path.split(".")))
    if words is not None:
        one = isinstance(value, str)
        values = [_absolute(v, words, folder or os.getcwd()) if isinstance(v, str) else v for v in ([value] if one else value)]
        text = json.dumps(values[0] if one else values)
    return f"{path}={text}"


def absolute_paths(text: str, folder: str) -> str:
    """The text with its relative paths replaced in place: comments, lines and columns before them stay."""
    out, copied = [], 0
    for begin, end, path in _strings(text):
        words = PATH_FIELDS.get(path[2:] if path[:1] == ("variants",) else path)
        try:
            value = json.loads(text[begin:end]) if words is not None else ""
        except ValueError:
            continue  # the controller will say what is wrong there
        if words is not None and _absolute(value, words, folder) != value:
            out += [text[copied:begin], json.dumps(_absolute(value, words, folder), ensure_ascii=False)]
            copied = end
    return "".join(out) + text[copied:]


def _absolute(value: str, words: Tuple[str, ...], folder: str) -> str:
    if not value or value.startswith("/") or value in words:
        return value
    return os.path.normpath(os.path.join(folder, value))


def _strings(text: str) -> "List[Tuple[int, int, Tuple[str, ...]]]":
    """The strings that are values: begin, end, and the names of the fields that lead there (none for a place in a list)."""
    found: List[Tuple[int, int, Tuple[str, ...]]] = []
    keys: List[Optional[str]] = []      # for each open bracket the field that is being read; None: a list
    last: Optional[Tuple[int, int]] = None
    after_colon = False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word[0] == "/":
            continue
        if word[0] == '"':
            last = token.span()
            if after_colon or (keys and keys[-1] is None):
                found.append((*last, tuple(key for key in keys if key is not None)))
        elif word == ":" and last is not None and keys:
            keys[-1] = _unquoted(text[last[0]:last[1]])
        elif word in "[{":
            keys.append(None if word == "[" else "")
        elif word in "]}" and keys:
            keys.pop()
        after_colon = word == ":"
    return found


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text
