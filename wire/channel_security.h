// What a client brings to a controller that asks who calls.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tls/files.h"

namespace fp4::wire {

struct ChannelSecurity {
  // TLS, and with which files (read again when they change); nothing: plain text.
  std::optional<tls::Files> tls = {};
  std::string token = {};  // sent with each call; empty: none
};

// Where the parts of it are found; empty: there is none.
struct SecurityFiles {
  std::string token = {};      // holds a token; only its owner may read it
  std::string authority = {};  // whose certificates are believed; "system": those the system knows
  std::string certificate = {}, key = {};  // the client's own
};

// FP4_TOKEN_FILE and FP4_TLS_AUTHORITY.
SecurityFiles SecurityFilesOfEnvironment();

// Reads what `files` names. INVALID_ARGUMENT: a certificate without key or authority.
// PERMISSION_DENIED: others may read a file that holds a secret.
absl::StatusOr<ChannelSecurity> ReadChannelSecurity(const SecurityFiles& files);

// A token goes to this machine, or over TLS. INVALID_ARGUMENT: `address` ("host:port") is another
// machine's, and there is no TLS.
absl::Status CheckTokenIsSafe(const std::string& address, const ChannelSecurity& security);

}  // namespace fp4::wire
