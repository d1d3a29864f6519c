#include "base/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <streambuf>

namespace fp4 {
namespace {

// Opened the wrong way round, so that using it fails with EBADF as the closed one would.
void OccupyClosedDescriptors() {
  constexpr int kFlags[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is given away first: this one.
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", kFlags[fd]);
  }
}

}  // namespace

class StandardOutput::Buffer : public std::streambuf {
 public:
  Buffer() : before_(std::cout.rdbuf(this)) { setp(bytes_.data(), bytes_.data() + bytes_.size()); }
  ~Buffer() override {
    (void)Drain();
    std::cout.rdbuf(before_);
  }

  int Drain() {
    const char* next = pbase();
    while (next != pptr() && error_ == 0) {
      const ssize_t n = write(STDOUT_FILENO, next, pptr() - next);
      if (n >= 0) {
        next += n;
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    // After an error the rest is dropped: more would only follow a hole.
    setp(bytes_.data(), bytes_.data() + bytes_.size());
    return error_;
  }

 protected:
  int_type overflow(int_type byte) override {
    if (Drain() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(byte, traits_type::eof())) sputc(traits_type::to_char_type(byte));
    return traits_type::not_eof(byte);
  }
  int sync() override { return Drain() == 0 ? 0 : -1; }

 private:
  std::streambuf* const before_;
  std::array<char, 1 << 16> bytes_;
  int error_ = 0;  // errno of the first write that failed
};

StandardOutput::StandardOutput(std::string program)
    : program_(std::move(program)), buffer_(std::make_unique<Buffer>()) {
  OccupyClosedDescriptors();
}

StandardOutput::~StandardOutput() = default;

int StandardOutput::Finish(int status) {
  const int error = buffer_->Drain();
  if (error == 0) return status;
  if (error != EPIPE) {
    std::cerr << program_ << ": write error: " << std::strerror(error) << std::endl;
  }
  return status == 0 ? 1 : status;
}

}  // namespace fp4
