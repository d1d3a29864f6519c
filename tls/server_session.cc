#include "tls/server_session.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/file_identity.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "tls/handles.h"

namespace fp4::tls {
namespace {

constexpr absl::Duration kLookAgain = absl::Seconds(2);

// Forward secrecy and authenticated encryption only; those of TLS 1.3 are all of that kind.
constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

class OpenSslSession final : public ServerSession {
 public:
  OpenSslSession(SSL_CTX& context, int fd) : ssl_(SSL_new(&context)) {
    SSL_set_fd(ssl_.get(), fd);
    SSL_set_accept_state(ssl_.get());
  }

  ssize_t Read(char* buffer, size_t size) override {
    return Judge(SSL_read(ssl_.get(), buffer, static_cast<int>(size)));
  }
  ssize_t Write(const char* data, size_t size) override {
    return Judge(SSL_write(ssl_.get(), data, static_cast<int>(std::min(size, kMaxWrite))));
  }
  bool wants_write() const override { return wants_write_; }
  bool wants_read() const override { return wants_read_; }
  void End() override {
    if (!lost_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

 private:
  static constexpr size_t kMaxWrite = 1 << 20;

  ssize_t Judge(int result) {
    wants_write_ = wants_read_ = false;
    if (result > 0) return result;
    const int error = SSL_get_error(ssl_.get(), result);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    wants_write_ = error == SSL_ERROR_WANT_WRITE;
    wants_read_ = error == SSL_ERROR_WANT_READ;
    const bool again = wants_write_ || wants_read_;
    lost_ = !again;
    errno = again ? EAGAIN : EPROTO;
    return -1;
  }

  const Ssl ssl_;
  bool wants_write_ = false, wants_read_ = false, lost_ = false;
};

absl::StatusOr<SslContext> MakeContext(const Files& files) {
  FP4_RETURN_IF_ERROR(CheckPair(files));
  SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphers12);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  // What could not be sent is sent again from wherever the text lies then.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return LibraryError(files.certificate.string());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return LibraryError(files.key.string());
  }
  return context;
}

class OpenSslIdentity final : public ServerIdentity {
 public:
  OpenSslIdentity(Files files, SslContext context)
      : files_(std::move(files)), context_(std::move(context)), seen_(Look()) {}

  std::unique_ptr<ServerSession> Accept(int fd, absl::Duration since_boot) override {
    if (since_boot >= next_look_) {
      next_look_ = since_boot + kLookAgain;
      Reload();
    }
    return std::make_unique<OpenSslSession>(*context_, fd);
  }

 private:
  using Seen = std::vector<std::optional<FileIdentity>>;

  // Nothing for a file that is not there.
  Seen Look() const {
    Seen seen;
    for (const std::filesystem::path& file : {files_.certificate, files_.key}) {
      const absl::StatusOr<FileIdentity> identity = IdentityOf(file);
      seen.push_back(identity.ok() ? std::optional(*identity) : std::nullopt);
    }
    return seen;
  }

  void Reload() {
    Seen seen = Look();
    if (seen == seen_) return;
    absl::StatusOr<SslContext> context = MakeContext(files_);
    if (!context.ok()) {
      LogWarning("a changed certificate cannot be used; the one before serves on",
                 {{"why", std::string(context.status().message())}});
      return;
    }
    context_ = *std::move(context);
    seen_ = std::move(seen);
    LogInfo("certificate read again", {{"file", files_.certificate.string()}});
  }

  const Files files_;
  SslContext context_;
  Seen seen_;
  absl::Duration next_look_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ServerIdentity>> LoadServerIdentity(const Files& files) {
  FP4_ASSIGN_OR_RETURN(SslContext context, MakeContext(files));
  return std::make_unique<OpenSslIdentity>(files, std::move(context));
}

}  // namespace fp4::tls
