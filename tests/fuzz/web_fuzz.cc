// Any request of the page's API, with each kind of identity and without one, to the entrance and
// the handlers in this process with their database: no crash, no hang, one answer each, none that
// says INTERNAL, and nothing shown to whom the table does not show it. First byte: who calls;
// second: how; third: the route; the rest is the query, and after a newline more headers.
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "server/access/rules.h"
#include "server/web/entrance.h"
#include "server/web/front.h"
#include "tests/fuzz/callers.h"
#include "tests/server/rpc/test_server.h"
#include "tests/support/fake_clock.h"

namespace {

using namespace fp4;
using fuzz::Require;

constexpr int kHangMs = 60'000;

// Ids of the experiment and of one of its runs stand for E and R.
constexpr auto kPaths = std::to_array<std::string_view>({"/",
                                                         "/healthz",
                                                         "/metrics",
                                                         "/experiments/E",
                                                         "/runs/R",
                                                         "/api/v1/login",
                                                         "/api/v1/logout",
                                                         "/api/v1/experiments",
                                                         "/api/v1/experiments/E",
                                                         "/api/v1/experiments/E/document",
                                                         "/api/v1/experiments/E/variants",
                                                         "/api/v1/experiments/E/compare",
                                                         "/api/v1/runs",
                                                         "/api/v1/runs/R",
                                                         "/api/v1/runs/R/events",
                                                         "/api/v1/runs/R/metrics.csv",
                                                         "/api/v1/metrics",
                                                         "/api/v1/queue",
                                                         "/api/v1/workers",
                                                         "/api/v1/watch",
                                                         "/api/v1/version"});
constexpr auto kMethods = std::to_array<std::string_view>({"GET", "GET", "HEAD", "POST"});

class Target {
 public:
  Target()
      : experiment_(server_.Submit()),
        tokens_(fuzz::MakeCallers(gatekeeper_)),
        audit_(server_.store(), gatekeeper_, SystemClock()),
        entrance_(gatekeeper_, audit_, clock_, {}, /*secure=*/false),
        front_(server_.store(), {}) {
    SetLogThreshold(Severity::kError);
    const std::string login = Ask(Text("POST", "/api/v1/login", tokens_[1], "X-Fp4: 1\r\n"));
    constexpr std::string_view kCookie = "fp4_session=";
    const size_t begin = login.find(kCookie);
    Require(begin != std::string::npos);
    session_ = login.substr(begin, kCookie.size() + 64);
  }

  void Send(uint8_t who, uint8_t how, uint8_t route, std::string_view rest) {
    clock_.Advance(absl::Milliseconds(20));  // slower than the limits of one identity
    const std::string_view method = kMethods[how % kMethods.size()];
    std::string path = PathOf(route);
    const size_t line = std::min(rest.find('\n'), rest.size());
    if (line > 0) absl::StrAppend(&path, "?", std::string(rest.substr(0, line)));
    std::string headers(rest.substr(std::min(line + 1, rest.size())));
    const size_t caller = who % (tokens_.size() + 1);
    const bool by_session = caller == tokens_.size();
    if (by_session) absl::StrAppend(&headers, "\r\nCookie: ", session_, "\r\n");
    const std::string answer = Ask(Text(method, path, by_session ? "" : tokens_[caller], headers));
    if (!answer.empty()) Judge(answer, method, PathOf(route), caller == 0);
  }

 private:
  std::string PathOf(uint8_t route) const {
    std::string path(kPaths[route % kPaths.size()]);
    if (const size_t at = path.find("/E"); at != std::string::npos) {
      path.replace(at + 1, 1, experiment_.id());
    } else if (const size_t run = path.find("/R"); run != std::string::npos) {
      path.replace(run + 1, 1, experiment_.runs(0).id());
    }
    return path;
  }

  static std::string Text(std::string_view method, std::string_view path, std::string_view token,
                          std::string_view headers) {
    std::string text = absl::StrCat(std::string(method), " ", std::string(path),
                                    " HTTP/1.1\r\nHost: localhost\r\n");
    if (!token.empty())
      absl::StrAppend(&text, "Authorization: Bearer ", std::string(token), "\r\n");
    absl::StrAppend(&text, std::string(headers), "\r\n\r\n");
    return text;
  }

  // The first bytes of the answer; empty: it was no request.
  std::string Ask(const std::string& bytes) {
    telemetry::HttpRequest request = telemetry::ReadRequest(bytes);
    if (request.kind != telemetry::HttpRequest::Kind::kOk) return "";
    request.address = "127.0.0.1:1";
    auto exchange =
        std::make_shared<telemetry::HttpExchange>(outbox_, ++num_asked_, request.method == "HEAD");
    if (entrance_.Admit(request, *exchange)) front_.Handle(request, std::move(exchange));
    exchange.reset();
    std::string answer;
    for (bool over = false; !over;) {
      pollfd waits{.fd = outbox_->descriptor(), .events = POLLIN, .revents = 0};
      const int ready = poll(&waits, 1, kHangMs);
      Require(ready == 1 || (ready < 0 && errno == EINTR));  // the fuzzer has a timer of its own
      for (telemetry::HttpOutbox::Parcel& parcel : outbox_->TakeAll()) {
        // Of a stream its beginning is enough: the caller leaves.
        if (parcel.gone) parcel.gone();
        if (parcel.connection != num_asked_) continue;
        answer += parcel.bytes;
        over = over || parcel.last || !parcel.keep_alive.empty();
      }
    }
    return answer;
  }

  static void Judge(std::string_view answer, std::string_view method, const std::string& path,
                    bool nobody) {
    Require(answer.starts_with("HTTP/1.1 "));
    const std::string_view status = answer.substr(9, 3);
    Require(status != "500");
    const access::Rule* rule = access::FindHttpRule(method, path);
    if (!nobody || rule == nullptr || !rule->least) return;
    // The fuzzer does not guess a token.
    Require(status == "401" || status == "403" || status == "503");
  }

  testing::FakeClock clock_;
  rpc::TestServer server_;
  const v1::Experiment experiment_;
  access::Gatekeeper gatekeeper_{clock_, /*required=*/true};
  const std::vector<std::string> tokens_;
  rpc::AuditTrail audit_;
  web::Entrance entrance_;
  web::Front front_;
  std::shared_ptr<telemetry::HttpOutbox> outbox_ = std::make_shared<telemetry::HttpOutbox>();
  int64_t num_asked_ = 0;
  std::string session_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new Target;
  if (size < 3) return 0;
  target->Send(data[0], data[1], data[2], {reinterpret_cast<const char*>(data) + 3, size - 3});
  return 0;
}
