"""Events as they come, over lost connections."""
from __future__ import annotations

import random
import time
from typing import Any, Callable, Iterator, Optional

import grpc

from fp4lab import convert, errors
from fp4lab._wire import experiments_pb2
from fp4lab.connection import Connection
from fp4lab.events import Event

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0
DEFAULT_PATIENCE_SECONDS = 600.0


class Watch(Iterator[Event]):
    """Iterates over events, each once, in the order in which they were stored, and ends when all that is watched has finished.

    A controller that goes away is waited for, up to `patience` seconds: the watch goes on after the last event that it gave,
    without a gap or a repeat. `cursor` is that event's; Client.watch(…, cursor=…) goes on after it, in another process too.
    After `timeout` seconds in all (None: never) it raises TimeoutError; the runs go on. For one thread; close() by any.
    """

    def __init__(self, connect: Callable[[], Connection], request: experiments_pb2.WatchRequest, patience: float,
                 timeout: Optional[float] = None):
        self._connect = connect
        self._request = request
        self._patience = patience
        self._connection: Optional[Connection] = None
        self._call: Any = None
        self._end = None if timeout is None else time.monotonic() + timeout
        self._waited = 0.0
        self._delay = FIRST_DELAY_SECONDS
        self._closed = False

    @property
    def cursor(self) -> int:
        return int(self._request.cursor)

    def __iter__(self) -> "Watch":
        return self

    def __next__(self) -> Event:
        while not self._closed:
            try:
                message = next(self._open_call())
            except StopIteration:
                self.close()
            except grpc.RpcError as error:
                self._wait_or_raise(error)
            except errors.ConnectionFailed as error:  # no address: a local controller that is down has none
                self._wait_or_raise(error)
            else:
                self._waited, self._delay = 0.0, FIRST_DELAY_SECONDS
                self._request.cursor = message.cursor
                event = convert.event(message)
                if event is not None:
                    return event
        raise StopIteration

    def close(self) -> None:
        """Ends the watching; the runs go on."""
        self._closed = True
        self._drop_call()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _open_call(self) -> Any:
        if self._call is None:
            self._connection = self._connect()
            self._call = self._connection.stream(self._request, self._left())
        return self._call

    def _left(self) -> Optional[float]:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def _drop_call(self) -> None:
        if self._call is not None:
            self._call.cancel()
        if self._connection is not None:
            self._connection.close()
        self._call = self._connection = None

    def _wait_or_raise(self, error: Exception) -> None:
        address = self._connection.address if self._connection is not None else ""
        self._drop_call()
        if self._closed:
            return
        if self._left() == 0.0:
            self._closed = True
            raise TimeoutError("what is watched has not finished in time") from None
        lost = isinstance(error, errors.ConnectionFailed) or (isinstance(error, grpc.RpcError) and errors.is_connection_loss(error))
        if not lost or self._waited >= self._patience:
            self._closed = True
            raise (errors.from_rpc(error, address) if isinstance(error, grpc.RpcError) else error) from None
        delay = self._delay * random.uniform(0.5, 1.0)
        left = self._left()
        time.sleep(delay if left is None else min(delay, left))
        self._waited += delay
        self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)
