// The services of the wire API, as proto/ defines them.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace google::protobuf {
class ServiceDescriptor;
}

namespace fp4::wire {

// All services of all files of proto/: whoever wants to treat every service alike (the gate, the
// metrics of calls, the tests of access) begins here, so that none is forgotten. Thread-safe; the
// descriptors live as long as the process.
std::span<const google::protobuf::ServiceDescriptor* const> Services();

// Of all services: "ExperimentService/GetRun", as rules and metrics name methods.
std::vector<std::string> MethodNames();

// "ExperimentService/GetRun" is "/fp4.v1.ExperimentService/GetRun" to gRPC.
std::string FullMethodName(const std::string& method);

}  // namespace fp4::wire
