"""Where the controller is: the rules of fp4ctl."""
from __future__ import annotations

import json
import os
import pathlib
from typing import Optional

from fp4lab.errors import ConnectionFailed

DEFAULT_PORT = 4404


def controller_address(given: Optional[str]) -> str:
    """`given`, else FP4_CONTROLLER, else the controller that `fp4ctl up` started on this machine."""
    address = given or os.environ.get("FP4_CONTROLLER", "")
    if address:
        has_port = ":" in address and not address.endswith("]")
        return address if has_port else f"{address}:{DEFAULT_PORT}"
    folder = state_folder() / "controller"
    try:
        endpoints = json.loads((folder / "endpoints.json").read_text())
        if _is_daemon_of(int(endpoints["pid"]), folder):
            return str(endpoints["grpc"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ConnectionFailed(
        "no controller is up on this machine; start one with `fp4ctl up`, or name one with Client('HOST:PORT') or FP4_CONTROLLER")


def state_folder() -> pathlib.Path:
    own = os.environ.get("FP4_STATE_DIR")
    if own:
        return pathlib.Path(os.path.abspath(own))
    state = os.environ.get("XDG_STATE_HOME", "")
    parent = pathlib.Path(state) if state.startswith("/") else pathlib.Path.home() / ".local" / "state"
    return parent / "fp4lab"


def _is_daemon_of(pid: int, folder: pathlib.Path) -> bool:
    # Another process may have the number of one that has died.
    try:
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(str(folder)) in arguments
