#include "telemetry/http_server.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/listen.h"
#include "telemetry/http_connection.h"

namespace fp4::telemetry {
namespace {

// Between two tries when there was no descriptor left for a connection.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(50);
// Then those that are connected come first again, however many others knock.
constexpr int kAcceptsAtOnce = 64;

// OpenSSL writes to connections that may be gone without MSG_NOSIGNAL.
void BlockBrokenPipes() {
  sigset_t broken;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, nullptr);
}

bool HasBody(const HttpRequest& request) {
  const std::string_view length = request.Header("content-length");
  return (!length.empty() && length != "0") || !request.Header("transfer-encoding").empty();
}

}  // namespace

class HttpServer::Loop {
 public:
  Loop(std::vector<UniqueFd> sockets, std::unique_ptr<tls::ServerIdentity> identity,
       int max_connections, Handler handler)
      : sockets_(std::move(sockets)),
        identity_(std::move(identity)),
        max_connections_(static_cast<size_t>(std::max(max_connections, 1))),
        handler_(std::move(handler)),
        outbox_(std::make_shared<HttpOutbox>()),
        thread_([this] { Run(); }) {}

  ~Loop() {
    stopping_ = true;
    outbox_->Wake();
    thread_.join();
  }

 private:
  using Connections = std::map<int64_t, HttpConnection>;  // the oldest first

  absl::Duration now() const { return SystemClock().SinceBoot(); }

  void Run() {
    BlockBrokenPipes();
    // Looked at after what wakes: TakeParcels may have taken the call that came with it.
    while (!stopping_) {
      std::vector<pollfd> polled = Polled();
      poll(polled.data(), polled.size(), MillisecondsToWait());
      ServeReady(polled);
      TakeParcels();
      TickOverdue();
      for (const UniqueFd& socket : sockets_) AcceptAll(socket);
    }
    connections_.clear();
    outbox_->Close();
  }

  // The connections first, in the order of the map.
  std::vector<pollfd> Polled() const {
    std::vector<pollfd> polled;
    for (const auto& [id, connection] : connections_) {
      polled.push_back(
          {.fd = connection.descriptor(), .events = connection.Events(), .revents = 0});
    }
    polled.push_back({.fd = outbox_->descriptor(), .events = POLLIN, .revents = 0});
    if (now() < accept_again_) return polled;
    for (const UniqueFd& socket : sockets_) {
      polled.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
    }
    return polled;
  }

  int MillisecondsToWait() const {
    absl::Duration until = absl::InfiniteDuration();
    for (const auto& [id, connection] : connections_) {
      until = std::min(until, connection.deadline());
    }
    if (accept_again_ > now()) until = std::min(until, accept_again_);
    if (until == absl::InfiniteDuration()) return -1;
    return static_cast<int>(absl::ToInt64Milliseconds(
        absl::Ceil(std::max(until - now(), absl::ZeroDuration()), absl::Milliseconds(1))));
  }

  void AcceptAll(const UniqueFd& socket) {
    for (int i = 0; i < kAcceptsAtOnce && now() >= accept_again_; ++i) {
      absl::StatusOr<UniqueFd> fd = AcceptOn(socket);
      if (!fd.ok()) {
        // None of ours may be the one that is missing: then others must let go first.
        if (!CloseOldest()) accept_again_ = now() + kAcceptPause;
        continue;
      }
      if (!fd->valid()) return;
      if (connections_.size() >= max_connections_) CloseOldest();
      std::unique_ptr<tls::ServerSession> session;
      if (identity_ != nullptr) session = identity_->Accept(fd->get(), now());
      connections_.try_emplace(next_id_++, *std::move(fd), std::move(session), now());
    }
  }

  // Of the network that has the most, so that one that takes all places only takes its own. False:
  // there is none.
  bool CloseOldest() {
    if (connections_.empty()) return false;
    const std::string_view network = LargestNetwork();
    const auto is_its = [&](const auto& entry) { return entry.second.peer().network == network; };
    // One that has asked is spared as long as there is one that has not.
    auto oldest = std::ranges::find_if(connections_, [&](const auto& entry) {
      return is_its(entry) && !entry.second.has_asked();
    });
    if (oldest == connections_.end()) oldest = std::ranges::find_if(connections_, is_its);
    connections_.erase(oldest);
    return true;
  }

  // The one with the most connections, of which there is one at least.
  std::string_view LargestNetwork() const {
    std::map<std::string_view, size_t> num_of;
    for (const auto& [id, connection] : connections_) ++num_of[connection.peer().network];
    return std::ranges::max_element(num_of, {}, [](const auto& entry) { return entry.second; })
        ->first;
  }

  void TickOverdue() {
    for (auto next = connections_.begin(); next != connections_.end();) {
      const auto current = next++;
      if (current->second.deadline() > now()) continue;
      if (!current->second.Tick(now())) connections_.erase(current);
    }
  }

  void ServeReady(const std::vector<pollfd>& polled) {
    auto ready = polled.begin();
    for (auto next = connections_.begin(); next != connections_.end();) {
      const auto current = next++;
      const short news = (ready++)->revents;
      if (news != 0 && !Serve(current->first, current->second)) connections_.erase(current);
    }
  }

  // Has something come or gone. False: it is over.
  bool Serve(int64_t id, HttpConnection& connection) {
    if (!connection.Receive()) return false;
    HttpRequest request = connection.TakeRequest();
    request.address = connection.peer().address;
    if (request.kind != HttpRequest::Kind::kIncomplete) Handle(id, request);
    return connection.has_asked() ? connection.Send(now()) : true;
  }

  void Handle(int64_t id, const HttpRequest& request) {
    const bool head_only = request.method == "HEAD";
    auto exchange = std::make_shared<HttpExchange>(outbox_, id, head_only);
    if (request.kind == HttpRequest::Kind::kBad) {
      exchange->Answer({.status = 400, .body = "no HTTP request\n"});
    } else if (request.method == "POST" && HasBody(request)) {
      exchange->Answer(MethodNotAllowed("no request has a body here\n"));
    } else if (request.method != "GET" && request.method != "POST" && !head_only) {
      exchange->Answer(MethodNotAllowed("only GET and HEAD\n"));
    } else {
      handler_(request, std::move(exchange));
    }
  }

  // What is taken at once may bring the next parcel.
  void TakeParcels() {
    for (HttpOutbox::Parcel& parcel : outbox_->TakeAll()) {
      auto found = connections_.find(parcel.connection);
      if (found == connections_.end()) {
        if (parcel.gone) parcel.gone();
        continue;
      }
      found->second.Add(std::move(parcel), now());
      if (!found->second.Send(now())) connections_.erase(found);
    }
  }

  const std::vector<UniqueFd> sockets_;
  const std::unique_ptr<tls::ServerIdentity> identity_;
  const size_t max_connections_;
  const Handler handler_;
  const std::shared_ptr<HttpOutbox> outbox_;
  std::atomic<bool> stopping_ = false;

  // Of the waiting thread.
  Connections connections_;
  int64_t next_id_ = 0;
  absl::Duration accept_again_ = -absl::InfiniteDuration();

  std::thread thread_;  // last: starts when the rest is there
};

HttpServer::HttpServer(std::vector<UniqueFd> sockets, std::unique_ptr<tls::ServerIdentity> identity,
                       int max_connections, Handler handler)
    : loop_(std::make_unique<Loop>(std::move(sockets), std::move(identity), max_connections,
                                   std::move(handler))) {}

HttpServer::~HttpServer() = default;

}  // namespace fp4::telemetry
