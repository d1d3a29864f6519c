#include "telemetry/http_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace fp4::telemetry {
namespace {

constexpr absl::Duration kRequestPatience = absl::Seconds(2);
constexpr absl::Duration kSendPatience = absl::Seconds(10);
constexpr absl::Duration kKeepAlive = absl::Seconds(15);

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

HttpConnection::HttpConnection(UniqueFd fd, std::unique_ptr<tls::ServerSession> session,
                               absl::Duration now)
    : fd_(std::move(fd)),
      session_(std::move(session)),
      peer_(PeerOf(fd_.get())),
      deadline_(now + kRequestPatience) {}

HttpConnection::~HttpConnection() {
  if (gone_) gone_();
}

short HttpConnection::Events() const {
  // A handshake may have to send before a request can come.
  if (session_ != nullptr && (sending() || !asked_)) {
    return session_->wants_write() || (sending() && !session_->wants_read()) ? POLLOUT : POLLIN;
  }
  if (sending()) return POLLOUT;
  if (!asked_) return POLLIN;
  // Of one that waits for its answer only that the caller has gone; whoever has asked may have
  // closed its own side, but not of a stream.
  return keep_alive_.empty() ? 0 : POLLRDHUP;
}

ssize_t HttpConnection::ReadSome(char* buffer, size_t size) {
  return session_ == nullptr ? recv(fd_.get(), buffer, size, 0) : session_->Read(buffer, size);
}

ssize_t HttpConnection::WriteSome(const char* data, size_t size) {
  return session_ == nullptr ? send(fd_.get(), data, size, MSG_NOSIGNAL)
                             : session_->Write(data, size);
}

bool HttpConnection::Receive() {
  if (asked_) return sending();  // nothing more is expected: it has gone
  char buffer[4096];
  while (true) {
    const ssize_t n = ReadSome(buffer, sizeof buffer);
    // Whoever has asked may close its side at once.
    if (n == 0) return ReadRequest(received_).kind != HttpRequest::Kind::kIncomplete;
    if (n < 0) return WouldBlock();
    received_.append(buffer, static_cast<size_t>(n));
    if (received_.size() > kMaxHeadBytes) return true;
  }
}

HttpRequest HttpConnection::TakeRequest() {
  HttpRequest request;
  if (asked_) return request;
  request = ReadRequest(received_);
  if (request.kind == HttpRequest::Kind::kIncomplete) return request;
  asked_ = true;
  std::string().swap(received_);
  deadline_ = absl::InfiniteDuration();  // until there is an answer
  return request;
}

void HttpConnection::Add(HttpOutbox::Parcel parcel, absl::Duration now) {
  if (to_send_.empty()) {
    to_send_ = std::move(parcel.bytes);
  } else {
    to_send_.append(parcel.bytes);
  }
  last_ = last_ || parcel.last;
  if (!parcel.keep_alive.empty()) keep_alive_ = std::move(parcel.keep_alive);
  if (parcel.taken) taken_.push_back(std::move(parcel.taken));
  if (parcel.gone) gone_ = std::move(parcel.gone);
  SetDeadline(now);
}

void HttpConnection::SetDeadline(absl::Duration now) {
  deadline_ = sending() ? now + kSendPatience : now + kKeepAlive;
}

bool HttpConnection::Send(absl::Duration now) {
  while (sending()) {
    const ssize_t n = WriteSome(to_send_.data() + num_sent_, to_send_.size() - num_sent_);
    if (n < 0) return WouldBlock();
    num_sent_ += static_cast<size_t>(n);
    SetDeadline(now);
  }
  to_send_.clear();
  num_sent_ = 0;
  if (last_) {
    if (session_ != nullptr) session_->End();
    shutdown(fd_.get(), SHUT_WR);
    return false;
  }
  // What they write comes as further parcels.
  for (const auto& taken : std::exchange(taken_, {})) taken();
  return true;
}

bool HttpConnection::Tick(absl::Duration now) {
  if (sending() || keep_alive_.empty()) return false;
  to_send_ = keep_alive_;
  return Send(now);
}

}  // namespace fp4::telemetry
