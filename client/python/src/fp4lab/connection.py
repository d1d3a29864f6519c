"""A channel to one controller. Thread-safe, as gRPC's channels are."""
from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

import grpc

from fp4lab import errors, security
from fp4lab._wire import experiments_pb2, types_pb2

CALL_TIMEOUT_SECONDS = 30.0
_OPTIONS: Sequence[Tuple[str, int]] = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.use_local_subchannel_pool", 1),      # a new connection does not inherit the waiting time of an old one
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", 64 << 20),
)

_SERVICE: Any = experiments_pb2.DESCRIPTOR.services_by_name["ExperimentService"]


def _message(descriptor: Any) -> Any:
    """The class of a message that one of the calls has."""
    module = types_pb2 if descriptor.file.name == types_pb2.DESCRIPTOR.name else experiments_pb2
    return getattr(module, descriptor.name)


class Connection:
    def __init__(self, address: str, user: Optional[str] = None):
        self.address = address
        self._security = security.from_environment()
        security.check(self._security, address)
        self._channel = self._open(address)
        self._calls = {method.name: self._make_call(method) for method in _SERVICE.methods}
        self._metadata: Tuple[Tuple[str, str], ...] = (("fp4-user", user),) if user else ()
        if self._security.token:
            self._metadata += (("authorization", f"Bearer {self._security.token}"),)

    def call(self, method: str, request: Any, document_name: str = "document") -> Any:
        """The answer, or an fp4lab.Error."""
        try:
            return self._calls[method](request, timeout=CALL_TIMEOUT_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self.address, document_name) from None

    def stream(self, request: Any, timeout: Optional[float]) -> Any:
        """The events of a Watch call as they come; a lost connection, and the end of the time, are a grpc.RpcError while it is
        read."""
        return self._calls["Watch"](request, timeout=timeout, metadata=self._metadata)

    def _make_call(self, method: Any) -> Any:
        """What a generated stub would have for the method; Watch is the only one that streams."""
        make: Any = self._channel.unary_stream if method.name == "Watch" else self._channel.unary_unary
        return make(f"/{_SERVICE.full_name}/{method.name}", request_serializer=_message(method.input_type).SerializeToString,
                    response_deserializer=_message(method.output_type).FromString)

    def _open(self, address: str) -> Any:
        if not self._security.tls:
            return grpc.insecure_channel(address, options=_OPTIONS)
        credentials = grpc.ssl_channel_credentials(root_certificates=self._security.authority)
        return grpc.secure_channel(address, credentials, options=_OPTIONS)

    def close(self) -> None:
        self._channel.close()
