#include "telemetry/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/listen.h"
#include "base/mutex.h"

namespace fp4::telemetry {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
// Between two tries when there was no descriptor left for a connection.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(50);
constexpr size_t kMaxSlowRequests = 32;

struct Connection {
  UniqueFd fd;
  absl::Duration deadline;
  std::string received = "", to_send = "";
  size_t num_sent = 0;
  bool answering = false;  // the request is whole
};

struct SlowRequest {
  int64_t connection = 0;
  HttpRequest request;
};

struct SlowAnswer {
  int64_t connection = 0;
  std::string bytes;
};

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

class HttpServer::Loop {
 public:
  Loop(std::vector<UniqueFd> sockets, int max_connections, Handlers handlers)
      : sockets_(std::move(sockets)),
        max_connections_(static_cast<size_t>(std::max(max_connections, 1))),
        handlers_(std::move(handlers)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        slow_thread_([this] { AnswerSlowRequests(); }),
        thread_([this] { Run(); }) {}

  ~Loop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    Wake();
    thread_.join();
    slow_thread_.join();
  }

 private:
  absl::Duration now() const { return SystemClock().SinceBoot(); }

  void Wake() { eventfd_write(wake_.get(), 1); }

  void Run() {
    while (true) {
      std::vector<pollfd> polled = Polled();
      poll(polled.data(), polled.size(), MillisecondsToWait());
      {
        MutexLock lock(mutex_);
        if (stopping_) return;
      }
      TakeSlowAnswers();
      ServeReady(polled);
      CloseOverdue();
      for (const UniqueFd& socket : sockets_) AcceptAll(socket);
    }
  }

  // The connections first, in the order of the map; of one that waits for its answer only that the
  // caller has gone.
  std::vector<pollfd> Polled() const {
    std::vector<pollfd> polled;
    for (const auto& [id, connection] : connections_) {
      const bool writes = connection.num_sent < connection.to_send.size();
      const short events = writes ? POLLOUT : connection.answering ? 0 : POLLIN;
      polled.push_back({.fd = connection.fd.get(), .events = events, .revents = 0});
    }
    polled.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
    if (now() < accept_again_) return polled;
    for (const UniqueFd& socket : sockets_) {
      polled.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
    }
    return polled;
  }

  int MillisecondsToWait() const {
    absl::Duration until = absl::InfiniteDuration();
    for (const auto& [id, connection] : connections_) until = std::min(until, connection.deadline);
    if (accept_again_ > now()) until = std::min(until, accept_again_);
    if (until == absl::InfiniteDuration()) return -1;
    return static_cast<int>(absl::ToInt64Milliseconds(
        absl::Ceil(std::max(until - now(), absl::ZeroDuration()), absl::Milliseconds(1))));
  }

  void AcceptAll(const UniqueFd& socket) {
    while (now() >= accept_again_) {
      absl::StatusOr<UniqueFd> fd = AcceptOn(socket);
      if (!fd.ok()) {
        // None of ours may be the one that is missing: then others must let go first.
        if (!CloseOldest()) accept_again_ = now() + kAcceptPause;
        continue;
      }
      if (!fd->valid()) return;
      if (connections_.size() >= max_connections_) CloseOldest();
      connections_.emplace(next_id_++,
                           Connection{.fd = *std::move(fd), .deadline = now() + kPatience});
    }
  }

  // False: there is none.
  bool CloseOldest() {
    if (connections_.empty()) return false;
    // One that has asked is spared as long as there is one that has not.
    auto oldest = std::ranges::find_if(connections_,
                                       [](const auto& entry) { return !entry.second.answering; });
    connections_.erase(oldest == connections_.end() ? connections_.begin() : oldest);
    return true;
  }

  void CloseOverdue() {
    std::erase_if(connections_, [&](const auto& entry) { return entry.second.deadline <= now(); });
  }

  void ServeReady(const std::vector<pollfd>& polled) {
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
    auto ready = polled.begin();
    for (auto next = connections_.begin(); next != connections_.end();) {
      const auto current = next++;
      const short news = (ready++)->revents;
      if (news == 0) continue;
      const bool waits = current->second.answering && current->second.to_send.empty();
      if (waits || !Serve(current->first, current->second)) connections_.erase(current);
    }
  }

  // Has something come or gone. False: it is over.
  bool Serve(int64_t id, Connection& connection) {
    if (!connection.answering && !Receive(connection)) return false;
    if (!connection.answering) {
      const HttpRequest request = ReadRequest(connection.received);
      if (request.kind == HttpRequest::Kind::kIncomplete) return true;
      connection.answering = true;
      connection.deadline = now() + kPatience;
      Answer(id, request, connection);
    }
    return Send(connection);
  }

  bool Receive(Connection& connection) {
    char buffer[4096];
    while (true) {
      const ssize_t n = recv(connection.fd.get(), buffer, sizeof buffer, 0);
      // Whoever has asked may close its side at once.
      if (n == 0) return ReadRequest(connection.received).kind != HttpRequest::Kind::kIncomplete;
      if (n < 0) return WouldBlock();
      connection.received.append(buffer, static_cast<size_t>(n));
      if (connection.received.size() > kMaxHeadBytes) return true;
    }
  }

  void Answer(int64_t id, const HttpRequest& request, Connection& connection) {
    const bool head_only = request.method == "HEAD";
    if (request.kind == HttpRequest::Kind::kBad) {
      connection.to_send = FormatResponse({.status = 400, .body = "no HTTP request\n"}, false);
    } else if (request.method != "GET" && !head_only) {
      connection.to_send = FormatResponse({.status = 405, .body = "only GET\n"}, false);
    } else if (const auto quick = handlers_.quick(request)) {
      connection.to_send = FormatResponse(*quick, head_only);
    } else if (!AskSlowly({id, request})) {
      connection.to_send = FormatResponse({.status = 503, .body = "too many requests\n"}, false);
    } else {
      connection.deadline = absl::InfiniteDuration();  // until there is an answer
    }
  }

  // True: there is more to do for this connection.
  bool Send(Connection& connection) {
    while (connection.num_sent < connection.to_send.size()) {
      const ssize_t n = send(connection.fd.get(), connection.to_send.data() + connection.num_sent,
                             connection.to_send.size() - connection.num_sent, MSG_NOSIGNAL);
      if (n < 0) return WouldBlock();
      connection.num_sent += static_cast<size_t>(n);
    }
    if (connection.to_send.empty()) return true;  // the slow thread has it
    shutdown(connection.fd.get(), SHUT_WR);
    return false;
  }

  bool AskSlowly(SlowRequest request) {
    MutexLock lock(mutex_);
    if (slow_requests_.size() >= kMaxSlowRequests) return false;
    slow_requests_.push_back(std::move(request));
    changed_.NotifyAll();
    return true;
  }

  void AnswerSlowRequests() {
    while (true) {
      SlowRequest next;
      {
        MutexLock lock(mutex_);
        while (slow_requests_.empty() && !stopping_) changed_.Wait(lock);
        if (stopping_) return;
        next = std::move(slow_requests_.front());
        slow_requests_.pop_front();
      }
      const HttpResponse response = handlers_.slow(next.request);
      {
        MutexLock lock(mutex_);
        slow_answers_.push_back(
            {next.connection, FormatResponse(response, next.request.method == "HEAD")});
      }
      Wake();
    }
  }

  void TakeSlowAnswers() {
    std::vector<SlowAnswer> answers;
    {
      MutexLock lock(mutex_);
      answers.swap(slow_answers_);
    }
    for (SlowAnswer& answer : answers) {
      auto found = connections_.find(answer.connection);
      if (found == connections_.end()) continue;  // the caller has gone
      found->second.to_send = std::move(answer.bytes);
      found->second.deadline = now() + kPatience;
    }
  }

  const std::vector<UniqueFd> sockets_;
  const size_t max_connections_;
  const Handlers handlers_;
  const UniqueFd wake_;

  // Of the waiting thread.
  std::map<int64_t, Connection> connections_;  // the oldest first
  int64_t next_id_ = 0;
  absl::Duration accept_again_ = -absl::InfiniteDuration();

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<SlowRequest> slow_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<SlowAnswer> slow_answers_ ABSL_GUARDED_BY(mutex_);

  std::thread slow_thread_, thread_;
};

HttpServer::HttpServer(std::vector<UniqueFd> sockets, int max_connections, Handlers handlers)
    : loop_(std::make_unique<Loop>(std::move(sockets), max_connections, std::move(handlers))) {}

HttpServer::~HttpServer() = default;

}  // namespace fp4::telemetry
