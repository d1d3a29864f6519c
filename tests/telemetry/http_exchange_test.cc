#include "telemetry/http_exchange.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "base/clock.h"
#include "base/listen.h"
#include "telemetry/http_server.h"

namespace fp4::telemetry {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class HttpExchangeTest : public ::testing::Test {
 protected:
  using Exchange = std::shared_ptr<HttpExchange>;

  HttpExchangeTest() {
    std::vector<UniqueFd> sockets = *ListenOn(address_);
    server_ = std::make_unique<HttpServer>(
        std::move(sockets), nullptr, 8,
        [this](const HttpRequest&, Exchange exchange) { asked_.set_value(std::move(exchange)); });
  }

  UniqueFd Ask(const std::string& method = "GET") {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(address_.port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_TRUE(WriteAll(fd.get(), method + " / HTTP/1.1\r\n\r\n", "socket").ok());
    return fd;
  }
  // All that comes until the other side closes.
  static std::string Rest(const UniqueFd& fd) {
    std::string all;
    char buffer[65536];
    for (ssize_t n; (n = read(fd.get(), buffer, sizeof buffer)) > 0;) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }

  HostPort address_{"127.0.0.1", 0};
  std::promise<Exchange> asked_;
  std::unique_ptr<HttpServer> server_;  // last: ends first
};

TEST_F(HttpExchangeTest, IsAnsweredLaterAndFromAnotherThread) {
  const UniqueFd fd = Ask();
  Exchange exchange = asked_.get_future().get();
  std::thread([&] { exchange->Answer({.body = "late"}); }).join();
  EXPECT_THAT(Rest(fd), EndsWith("\r\n\r\nlate"));
}

TEST_F(HttpExchangeTest, ThatIsLetGoAnswersThatTheServerStops) {
  const UniqueFd fd = Ask();
  asked_.get_future().get().reset();
  EXPECT_THAT(Rest(fd), HasSubstr("503 Service Unavailable"));
}

TEST_F(HttpExchangeTest, StreamsPieceAfterPieceAsTheyAreTaken) {
  const UniqueFd fd = Ask();
  Exchange exchange = asked_.get_future().get();
  exchange->StartStream({.content_type = "text/event-stream"}, ":\n\n", [] {});
  std::promise<void> taken;
  exchange->Write("one ", [&] { taken.set_value(); });
  taken.get_future().wait();
  exchange->Write("two", nullptr);
  exchange->End();
  EXPECT_THAT(Rest(fd), EndsWith("\r\n\r\none two"));
}

TEST_F(HttpExchangeTest, AReaderThatTakesNothingIsSentNoMoreThanOnePiece) {
  const UniqueFd fd = Ask();
  Exchange exchange = asked_.get_future().get();
  std::promise<void> gone;
  bool taken = false;
  exchange->StartStream({}, ":\n\n", [&] { gone.set_value(); });
  exchange->Write(std::string(64 << 20, 'x'), [&] { taken = true; });
  gone.get_future().wait();  // the server's patience ends
  EXPECT_FALSE(taken);
}

TEST_F(HttpExchangeTest, TellsWhenTheReaderOfAStreamHasGone) {
  UniqueFd fd = Ask();
  Exchange exchange = asked_.get_future().get();
  std::promise<void> gone;
  exchange->StartStream({}, ":\n\n", [&] { gone.set_value(); });
  fd = UniqueFd();
  gone.get_future().wait();
}

TEST_F(HttpExchangeTest, AStreamAskedForByHeadHasNoBody) {
  const UniqueFd fd = Ask("HEAD");
  Exchange exchange = asked_.get_future().get();
  std::promise<void> gone;
  exchange->StartStream({}, ":\n\n", [&] { gone.set_value(); });
  EXPECT_THAT(Rest(fd), EndsWith("\r\n\r\n"));
  gone.get_future().wait();
}

TEST_F(HttpExchangeTest, OutlivesItsServer) {
  const UniqueFd fd = Ask();
  Exchange exchange = asked_.get_future().get();
  auto held = std::make_shared<Exchange>(exchange);
  server_.reset();
  exchange->StartStream({}, ":\n\n", [held] {});
  exchange->Write("nobody reads this", [held] {});
  exchange.reset();
  EXPECT_EQ(held.use_count(), 1);  // the callbacks are dropped
}

}  // namespace
}  // namespace fp4::telemetry
