#include "client/top/full_screen.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"

namespace fp4::client {
namespace {

// xterm's control sequences, which every terminal emulator of today knows.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";

struct Sequence {
  std::string_view bytes;
  Key key;
};
constexpr Sequence kSequences[] = {
    {"q", Key::kQuit},      {"Q", Key::kQuit},         {"\x04", Key::kQuit},  // Ctrl-D
    {"k", Key::kUp},        {"j", Key::kDown},         {" ", Key::kPageDown},
    {"\x1b[A", Key::kUp},   {"\x1b[B", Key::kDown},    {"\x1bOA", Key::kUp},
    {"\x1bOB", Key::kDown}, {"\x1b[5~", Key::kPageUp}, {"\x1b[6~", Key::kPageDown},
    {"\x1b[H", Key::kHome}, {"\x1b[F", Key::kEnd},     {"\x1bOH", Key::kHome},
    {"\x1bOF", Key::kEnd},  {"\x1b[1~", Key::kHome},   {"\x1b[4~", Key::kEnd},
    {"g", Key::kHome},      {"G", Key::kEnd}};

}  // namespace

Key TakeKey(std::string& typed) {
  while (!typed.empty()) {
    for (const Sequence& sequence : kSequences) {
      if (!typed.starts_with(sequence.bytes)) continue;
      typed.erase(0, sequence.bytes.size());
      return sequence.key;
    }
    for (const Sequence& sequence : kSequences) {
      if (sequence.bytes.starts_with(typed)) return Key::kNone;
    }
    typed.erase(0, 1);
  }
  return Key::kNone;
}

absl::StatusOr<std::unique_ptr<FullScreen>> FullScreen::Take(int in, int out_fd,
                                                             std::ostream& out) {
  termios before{};
  if (tcgetattr(in, &before) != 0) {
    return absl::FailedPreconditionError("standard input is not a terminal");
  }
  return std::unique_ptr<FullScreen>(new FullScreen(in, out_fd, out, before));
}

FullScreen::FullScreen(int in, int out_fd, std::ostream& out, const termios& before)
    : in_(in), out_fd_(out_fd), out_(out), before_(before) {
  termios taken = before;
  taken.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  taken.c_cc[VMIN] = 0;
  taken.c_cc[VTIME] = 0;
  taken.c_cc[VSUSP] = _POSIX_VDISABLE;
  taken.c_cc[VQUIT] = _POSIX_VDISABLE;
  tcsetattr(in_, TCSANOW, &taken);
  out_ << kEnter << std::flush;
}

FullScreen::~FullScreen() {
  out_ << kLeave << std::flush;
  tcsetattr(in_, TCSANOW, &before_);
}

Terminal FullScreen::Size() const { return DetectTerminal(out_fd_); }

void FullScreen::Draw(const std::vector<std::string>& lines) {
  out_ << "\x1b[H";
  for (size_t i = 0; i < lines.size(); ++i) {
    // No newline after the last line: it would scroll a full screen.
    out_ << (i == 0 ? "" : "\r\n") << lines[i] << "\x1b[K";
  }
  out_ << "\x1b[J" << std::flush;
}

Key FullScreen::ReadKey() {
  pollfd descriptor{.fd = in_, .events = POLLIN, .revents = 0};
  if (poll(&descriptor, 1, 0) > 0) {
    char bytes[64];
    const ssize_t count = read(in_, bytes, sizeof bytes);
    if (count > 0) typed_.append(bytes, static_cast<size_t>(count));
    const bool gone = (descriptor.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (count == 0 && gone) open_ = false;
    if (count < 0 && errno != EINTR && errno != EAGAIN) open_ = false;
  }
  return TakeKey(typed_);
}

}  // namespace fp4::client
