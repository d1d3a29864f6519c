#include "client/top/full_screen.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <sstream>

namespace fp4::client {
namespace {

TEST(TakeKeyTest, UnderstandsKeysAndPassesOverTheRest) {
  const struct {
    const char* typed;
    std::vector<Key> keys;
  } cases[] = {{"q", {Key::kQuit}},
               {"\x1b[A\x1b[B", {Key::kUp, Key::kDown}},
               {"\x1bOA\x1b[5~\x1b[6~", {Key::kUp, Key::kPageUp, Key::kPageDown}},
               {"xyzj", {Key::kDown}},
               {"\x1b[15~k", {Key::kUp}},
               {"\xc3\xa4G", {Key::kEnd}},
               {"", {}}};
  for (const auto& c : cases) {
    std::string typed = c.typed;
    std::vector<Key> keys;
    for (Key key = TakeKey(typed); key != Key::kNone; key = TakeKey(typed)) keys.push_back(key);
    EXPECT_EQ(keys, c.keys) << c.typed;
    EXPECT_EQ(typed, "");
  }
}

TEST(TakeKeyTest, ASequenceThatIsNotCompleteStays) {
  std::string typed = "\x1b[";
  EXPECT_EQ(TakeKey(typed), Key::kNone);
  typed += "B";
  EXPECT_EQ(TakeKey(typed), Key::kDown);
}

class FullScreenTest : public ::testing::Test {
 protected:
  FullScreenTest() { EXPECT_EQ(openpty(&user_, &terminal_, nullptr, nullptr, nullptr), 0); }
  ~FullScreenTest() override {
    close(user_);
    close(terminal_);
  }
  tcflag_t Mode() const {
    termios mode{};
    tcgetattr(terminal_, &mode);
    return mode.c_lflag;
  }

  int user_ = -1, terminal_ = -1;
  std::ostringstream out_;
};

TEST_F(FullScreenTest, GivesTheTerminalBackAsItWas) {
  const tcflag_t before = Mode();
  {
    const auto screen = FullScreen::Take(terminal_, terminal_, out_);
    ASSERT_TRUE(screen.ok());
    EXPECT_EQ(Mode() & (ICANON | ECHO), 0u);
    EXPECT_NE(Mode() & ISIG, 0u) << "Ctrl-C stays a signal";
    EXPECT_NE(out_.str().find("\x1b[?1049h"), std::string::npos);
  }
  EXPECT_EQ(Mode(), before);
  EXPECT_TRUE(out_.str().ends_with("\x1b[?25h\x1b[?1049l"));
}

TEST_F(FullScreenTest, ReadsKeysAndNeverWaits) {
  const auto screen = FullScreen::Take(terminal_, terminal_, out_);
  ASSERT_TRUE(screen.ok());
  EXPECT_EQ((*screen)->ReadKey(), Key::kNone);
  ASSERT_EQ(write(user_, "\x1b[6~", 4), 4);
  EXPECT_EQ((*screen)->ReadKey(), Key::kPageDown);
  EXPECT_TRUE((*screen)->open());
}

TEST_F(FullScreenTest, ATerminalThatGoesAwayIsNoticed) {
  const auto screen = FullScreen::Take(terminal_, terminal_, out_);
  ASSERT_TRUE(screen.ok());
  close(user_);
  (*screen)->ReadKey();
  EXPECT_FALSE((*screen)->open());
  user_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST_F(FullScreenTest, WhatIsNoTerminalIsRefused) {
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(FullScreen::Take(file, file, out_).ok());
  EXPECT_EQ(out_.str(), "");
  close(file);
}

}  // namespace
}  // namespace fp4::client
