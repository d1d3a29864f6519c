// One request that is being answered: by whom and when it suits them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "telemetry/http_message.h"

namespace fp4::telemetry {

// What handlers hand to the thread that waits for all connections. Thread-safe.
class HttpOutbox {
 public:
  struct Parcel {
    int64_t connection = 0;
    std::string bytes;
    bool last = false;                 // the connection is closed when it is taken
    std::string keep_alive;            // not empty: a stream begins, and says this in its pauses
    std::function<void()> taken = {};  // when the transport has all bytes
    std::function<void()> gone = {};   // not empty: to call when the connection is over
  };

  HttpOutbox();
  // Dropped when the outbox is closed.
  void Put(Parcel parcel);
  std::vector<Parcel> TakeAll();
  // Nobody will take any more: drops what there is, and what comes.
  void Close();

  // A thread that only looks whether something has been put is woken too.
  void Wake();
  // To wait for: readable when something has been put. TakeAll clears it.
  int descriptor() const { return wake_.get(); }

 private:
  const UniqueFd wake_;
  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Parcel> parcels_ ABSL_GUARDED_BY(mutex_);
};

// Held by whoever shall answer; outlives the server without harm. Each function may be called on
// any thread, one after the other. One that is let go without an answer answers 503.
class HttpExchange {
 public:
  HttpExchange(std::shared_ptr<HttpOutbox> outbox, int64_t connection, bool head_only);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Headers of whatever is answered.
  void AddHeaders(const HttpFields& headers);

  void Answer(HttpResponse response);

  // Instead of Answer: the head now, pieces later, until End or until the caller has gone. In
  // pauses `keep_alive` is sent, so that both sides learn when the other has gone. `gone` is called
  // on the server's thread when the connection is over, whoever ended it, also for HEAD.
  void StartStream(HttpResponse head, std::string keep_alive, std::function<void()> gone);
  // `taken` is called on the server's thread when the transport has the bytes: write the next piece
  // then, so that a slow reader costs one piece. It is dropped when the caller has gone. Neither
  // callback may block.
  void Write(std::string bytes, std::function<void()> taken);
  void End();

 private:
  const std::shared_ptr<HttpOutbox> outbox_;
  const int64_t connection_;
  const bool head_only_;
  HttpFields headers_;
  bool answered_ = false;
};

}  // namespace fp4::telemetry
