#include "telemetry/http_exchange.h"

#include <sys/eventfd.h>

#include <utility>

namespace fp4::telemetry {

HttpOutbox::HttpOutbox() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void HttpOutbox::Put(Parcel parcel) {
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    parcels_.push_back(std::move(parcel));
  }
  Wake();
}

std::vector<HttpOutbox::Parcel> HttpOutbox::TakeAll() {
  eventfd_t ignored = 0;
  eventfd_read(wake_.get(), &ignored);
  MutexLock lock(mutex_);
  return std::exchange(parcels_, {});
}

void HttpOutbox::Close() {
  std::vector<Parcel> dropped;  // outside the lock: a callback may own an exchange
  MutexLock lock(mutex_);
  closed_ = true;
  dropped.swap(parcels_);
}

void HttpOutbox::Wake() { eventfd_write(wake_.get(), 1); }

HttpExchange::HttpExchange(std::shared_ptr<HttpOutbox> outbox, int64_t connection, bool head_only)
    : outbox_(std::move(outbox)), connection_(connection), head_only_(head_only) {}

HttpExchange::~HttpExchange() {
  if (!answered_) Answer({.status = 503, .body = "the server is stopping\n"});
}

void HttpExchange::AddHeaders(const HttpFields& headers) {
  headers_.insert(headers_.end(), headers.begin(), headers.end());
}

void HttpExchange::Answer(HttpResponse response) {
  answered_ = true;
  response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
  outbox_->Put({.connection = connection_,
                .bytes = FormatResponse(response, head_only_),
                .last = true,
                .keep_alive = ""});
}

void HttpExchange::StartStream(HttpResponse head, std::string keep_alive,
                               std::function<void()> gone) {
  answered_ = true;
  head.headers.insert(head.headers.end(), headers_.begin(), headers_.end());
  outbox_->Put({.connection = connection_,
                .bytes = FormatStreamHead(head),
                .last = head_only_,
                .keep_alive = std::move(keep_alive),
                .gone = std::move(gone)});
}

void HttpExchange::Write(std::string bytes, std::function<void()> taken) {
  outbox_->Put({.connection = connection_,
                .bytes = std::move(bytes),
                .last = false,
                .keep_alive = "",
                .taken = std::move(taken)});
}

void HttpExchange::End() {
  outbox_->Put({.connection = connection_, .bytes = "", .last = true, .keep_alive = ""});
}

}  // namespace fp4::telemetry
