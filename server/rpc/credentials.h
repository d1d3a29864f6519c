// How connections to the gRPC server are secured.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "tls/files.h"

namespace grpc {
class ServerCredentials;
}

namespace fp4::rpc {

// TLS 1.2 and 1.3 with certificate and key of `files`, which are looked at again every few seconds:
// new connections get what is there then. A caller may bring a certificate; one that is none of a
// worker, by the files' authority, is refused, and the log says why. Without `files`: plain text.
// INVALID_ARGUMENT, NOT_FOUND, …: a file that cannot be read, or a key of another certificate.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::optional<tls::Files>& files);

}  // namespace fp4::rpc
