// A worker by its certificate.
#pragma once

#include <string>

namespace grpc {
class AuthContext;
}

namespace fp4::rpc {

// The name in the worker's certificate of a connection; empty: it has none. Certificates have been
// verified when the connection was made.
std::string WorkerNameOf(const grpc::AuthContext& context);

}  // namespace fp4::rpc
