// TLS over sockets that do not block, for servers with a loop of their own.
#pragma once

#include <sys/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tls/files.h"

namespace fp4::tls {

// One connection. Used by one thread.
class ServerSession {
 public:
  virtual ~ServerSession() = default;

  // As recv and send: the number of bytes, 0 of Read: the other side has ended. Below 0: errno is
  // EAGAIN when it must be tried again after the socket is ready (see wants_write), EPROTO when the
  // connection is lost. The handshake is made on the way.
  virtual ssize_t Read(char* buffer, size_t size) = 0;
  virtual ssize_t Write(const char* data, size_t size) = 0;
  // What the last call that failed with EAGAIN waits for.
  virtual bool wants_write() const = 0;
  virtual bool wants_read() const = 0;
  // Says that nothing more comes.
  virtual void End() = 0;
};

// Certificate and key of a server. TLS 1.2 and 1.3. Used by one thread.
class ServerIdentity {
 public:
  virtual ~ServerIdentity() = default;

  // A session over `fd`, which the caller owns and which outlives it. Files that have changed are
  // read first; while they are no pair the old ones serve on, and the log says so.
  virtual std::unique_ptr<ServerSession> Accept(int fd, absl::Duration since_boot) = 0;
};

// Errors as of CheckPair.
absl::StatusOr<std::unique_ptr<ServerIdentity>> LoadServerIdentity(const Files& files);

}  // namespace fp4::tls
