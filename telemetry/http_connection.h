// One connection of the server, without a loop: bytes in, bytes out, and until when it may take.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/file.h"
#include "base/peer.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"
#include "tls/server_session.h"

namespace fp4::telemetry {

// Used by one thread. Times are those since boot.
class HttpConnection {
 public:
  // `session`: the encryption; null: there is none.
  HttpConnection(UniqueFd fd, std::unique_ptr<tls::ServerSession> session, absl::Duration now);
  // Calls `gone` of a stream.
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  const Peer& peer() const { return peer_; }
  int descriptor() const { return fd_.get(); }
  // Whether its request is whole.
  bool has_asked() const { return asked_; }
  // The events of poll() that it waits for.
  short Events() const;
  // When Tick must be called, at the latest.
  absl::Duration deadline() const { return deadline_; }

  // Reads what has come. False: it is over.
  bool Receive();
  // kIncomplete: more must come. Anything else is given once: the connection waits for its answer.
  HttpRequest TakeRequest();

  void Add(HttpOutbox::Parcel parcel, absl::Duration now);
  // Sends what the transport takes. False: it is over.
  bool Send(absl::Duration now);
  // The deadline has passed: says something in a stream's pause. False: it is over.
  bool Tick(absl::Duration now);

 private:
  bool sending() const { return num_sent_ < to_send_.size(); }
  void SetDeadline(absl::Duration now);

  // As recv and send, over the encryption if there is one.
  ssize_t ReadSome(char* buffer, size_t size);
  ssize_t WriteSome(const char* data, size_t size);

  UniqueFd fd_;
  std::unique_ptr<tls::ServerSession> session_;
  const Peer peer_;
  std::string received_, to_send_;
  size_t num_sent_ = 0;
  bool asked_ = false, last_ = false;
  std::string keep_alive_;  // not empty: a stream
  std::deque<std::function<void()>> taken_;
  std::function<void()> gone_;
  absl::Duration deadline_;
};

}  // namespace fp4::telemetry
