"""What a client brings to a controller that asks who calls: the rules of fp4ctl (docs/security.md)."""
from __future__ import annotations

import os
import pathlib
import stat
from dataclasses import dataclass, field
from typing import Optional

from fp4lab.errors import ConnectionFailed

_LOOPBACK = ("localhost", "::1")


@dataclass(frozen=True)
class Security:
    token: str = field(default="", repr=False)     # the text; never shown
    authority: Optional[bytes] = None              # PEM, with tls: whose certificates are believed; None: the system's
    tls: bool = False


def from_environment() -> Security:
    """FP4_TOKEN_FILE names a file with a token, mode 0600; FP4_TLS_AUTHORITY the authority's file, or "system"."""
    token_file = os.environ.get("FP4_TOKEN_FILE", "")
    authority = os.environ.get("FP4_TLS_AUTHORITY", "")
    token = _read_secret(token_file) if token_file else ""
    pem = _read(authority) if authority not in ("", "system") else None
    return Security(token, pem, bool(authority))


def check(security: Security, address: str) -> None:
    """A token goes to this machine, or over TLS."""
    if not security.token or security.tls:
        return
    host = address.rsplit(":", 1)[0].strip("[]")
    if host in _LOOPBACK or host.startswith("127."):
        return
    raise ConnectionFailed(f"the token is not sent to {address} without TLS, where others could read it; name the authority of "
                           "its certificate in FP4_TLS_AUTHORITY")


def _read(path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise ConnectionFailed(f"{path}: {error.strerror}") from None


def _read_secret(path: str) -> str:
    try:
        with open(path, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise ConnectionFailed(f"{path} has the mode {mode:04o}: others may read or change what is secret; chmod 600 it")
            return file.read().decode("ascii", "replace").strip()
    except OSError as error:
        raise ConnectionFailed(f"{path}: {error.strerror}") from None
