"""Users of a history: calls that are tried until they are answered, and watchers."""
import pathlib
import random
import sys
import threading
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "client" / "python" / "src"))
from fp4lab._wire import experiments_pb2, types_pb2  # noqa: E402

SERVICE = experiments_pb2.DESCRIPTOR.services_by_name["ExperimentService"]
OPTIONS = (("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200),
           ("grpc.min_reconnect_backoff_ms", 1000),  # so long an attempt to connect may take, and then the pause
           ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN,
         grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL}
CALL_SECONDS = 3.0
FINISHED = {types_pb2.RUN_STATE_COMPLETED, types_pb2.RUN_STATE_FAILED, types_pb2.RUN_STATE_CANCELLED}


class Closing(Exception):
    """The history is over before the call was answered."""


def message_class(descriptor):
    return getattr(types_pb2 if descriptor.file.name == types_pb2.DESCRIPTOR.name else experiments_pb2, descriptor.name)


class Client:
    def __init__(self, port, closing):
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)
        self._closing = closing
        self._calls = {}
        for method in SERVICE.methods:
            make = self._channel.unary_stream if method.name == "Watch" else self._channel.unary_unary
            self._calls[method.name] = make(f"/{SERVICE.full_name}/{method.name}",
                                            request_serializer=message_class(method.input_type).SerializeToString,
                                            response_deserializer=message_class(method.output_type).FromString)

    def once(self, method, request, timeout=CALL_SECONDS):
        return self._calls[method](request, timeout=timeout)

    def call(self, method, **fields):
        """The answer; what may have been lost is asked again. A refusal is raised."""
        request = getattr(experiments_pb2, f"{method}Request")(**fields)
        while True:
            if self._closing.is_set():
                raise Closing(method)
            try:
                return self.once(method, request)
            except grpc.RpcError as error:
                if error.code() not in AGAIN:
                    raise
                time.sleep(random.uniform(0.02, 0.08))

    def watch(self, **fields):
        return self._calls["Watch"](experiments_pb2.WatchRequest(**fields))

    def close(self):
        self._channel.close()


class Watcher:
    """Follows an experiment over everything that happens, from the last event that it has."""

    def __init__(self, client, experiment):
        self.experiment = experiment
        self.events, self.times = [], []  # as they came, and when
        self._client, self._call, self._closing, self._finishing = client, None, False, threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        cursor = 0
        while not self._closing:
            try:
                self._call = self._client.watch(experiment_id=self.experiment, cursor=cursor)
                for event in self._call:
                    self.times.append(time.monotonic())
                    self.events.append(event)
                    cursor = event.cursor
                # All had finished; a run may be retried yet.
                if self._finishing.is_set():
                    return
                self._finishing.wait(0.1)
            except grpc.RpcError as error:
                if self._closing:
                    return
                if error.code() not in AGAIN:
                    self.events.append(error)
                    return
                time.sleep(random.uniform(0.02, 0.08))

    def finish(self, seconds):
        """Once nothing more will happen. Whether the stream ended by itself."""
        self._finishing.set()
        self._thread.join(seconds)
        ended = not self._thread.is_alive()
        self._closing = True
        if self._call is not None and not ended:
            self._call.cancel()
            self._thread.join(5)
        return ended
