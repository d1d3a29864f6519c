// The files of a TLS server or client.
#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace fp4::tls {

struct Files {
  // PEM: the certificate and what is between it and the authority, and its key. A client without a
  // certificate leaves both empty.
  std::filesystem::path certificate, key;
  // PEM: whose certificates are believed. Of a server: empty: callers bring none. Of a client:
  // empty: those that the system knows.
  std::filesystem::path authority = {};
};

// Whether certificate and key can be read and belong together, nobody but the owner may read the
// key, and the authority, if any, holds a certificate. The error names the file.
absl::Status CheckPair(const Files& files);

}  // namespace fp4::tls
