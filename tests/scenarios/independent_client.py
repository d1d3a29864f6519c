"""A client that shares no code with the product: it learns the API by server reflection, submits a document and watches.

Usage: independent_client.py HOST:PORT DOCUMENT. Prints one line for each state of a run; exits 0 when all have completed.
"""
import pathlib
import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "fp4.v1.ExperimentService"
TIMEOUT_SECONDS = 100


class Service:
    """The methods of a service, made from what the server says of itself."""

    def __init__(self, channel, name):
        database = ProtoReflectionDescriptorDatabase(channel)
        assert name in database.get_services(), database.get_services()
        self.pool = descriptor_pool.DescriptorPool(database)
        self.descriptor = self.pool.FindServiceByName(name)
        self.channel = channel

    def message_class(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def call(self, method_name, **fields):
        method = self.descriptor.methods_by_name[method_name]
        request = message_factory.GetMessageClass(method.input_type)(**fields)
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        rpc = make(f"/{self.descriptor.full_name}/{method_name}",
                   request_serializer=lambda message: message.SerializeToString(),
                   response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return rpc(request, timeout=TIMEOUT_SECONDS, metadata=[("fp4-user", "independent")])

    def state_name(self, number):
        return self.pool.FindEnumTypeByName("fp4.v1.RunState").values_by_number[number].name.removeprefix("RUN_STATE_").lower()


def violations(service, error):
    """The field violations of a refused call."""
    status = service.message_class("google.rpc.Status").FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    found = service.message_class("google.rpc.BadRequest")()
    for detail in status.details:
        if detail.type_url.endswith(found.DESCRIPTOR.full_name):
            found.ParseFromString(detail.value)
    return {violation.field: violation.description for violation in found.field_violations}


def refuse_bad_document(service):
    try:
        service.call("CreateExperiment", document='{"schema_version": 1, "name": "bad", "modle": {}}', document_name="bad.json")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        assert "modle" in violations(service, error), violations(service, error)
        return
    raise AssertionError("a document with an unknown field was taken")


def watch(service, experiment):
    """The last state of each run, from a stream that is broken off once and taken up again after its cursor."""
    states, cursors = {}, []
    while True:
        stream = service.call("Watch", experiment_id=experiment.id, cursor=cursors[-1] if cursors else 0)
        for event in stream:
            cursors.append(event.cursor)
            if event.WhichOneof("kind") == "state":
                states[event.run_id] = service.state_name(event.state.state)
                print(event.run_id, states[event.run_id], flush=True)
            if len(cursors) == 3:
                stream.cancel()
                break
        else:
            assert cursors == sorted(set(cursors)), "events came twice or out of order"
            return states


def main():
    address, path = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        service = Service(channel, SERVICE)
        refuse_bad_document(service)
        document = pathlib.Path(path)
        experiment = service.call("CreateExperiment", document=document.read_text(), document_name=document.name).experiment
        assert experiment.created_by == "independent", experiment.created_by
        states = watch(service, experiment)
        assert set(states) == {run.id for run in experiment.runs}, states
        run = service.call("GetRun", id=experiment.runs[0].id)
        print(run.id, "reached step", run.step, "of", run.total_steps)
        return 0 if set(states.values()) == {"completed"} else 1


if __name__ == "__main__":
    sys.exit(main())
