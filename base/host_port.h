// "HOST:PORT", as the daemons' flags and endpoints.json write addresses.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4 {

struct HostPort {
  std::string host;  // a name or a numeric address; an IPv6 one without its brackets
  int port = 0;      // 0: any free one

  // "127.0.0.1:4404", "[::1]:4404".
  std::string ToString() const;

  // Whether only this machine can reach it: "localhost", 127.0.0.0/8, ::1. Other names are not
  // looked up.
  bool IsLoopback() const;
};

// INVALID_ARGUMENT names the text and what is wrong with it.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

}  // namespace fp4
