#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "client/terminal.h"
#include "wire/channel_security.h"

namespace fp4::client {

class Connection;

// What every command works with; made once by main. Not thread-safe.
struct Context {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  Terminal terminal;                    // what `out` is
  bool can_ask = false;                 // a person sees `err` and answers into `in`
  std::string controller;               // --controller, else FP4_CONTROLLER; empty: the local one
  std::filesystem::path state_folder;   // of the local controller and worker
  std::filesystem::path binary_folder;  // where fp4-controller and fp4-worker lie
  std::string output = "text";          // -o
  bool json = false;                    // -o json
  wire::SecurityFiles security = {};    // FP4_TOKEN_FILE, FP4_TLS_AUTHORITY

  // The address that the commands talk to; UNAVAILABLE when none was named and none is up here.
  absl::StatusOr<std::string> Address() const;
  // What is brought along: the token and the authority that the environment names. An error names
  // the file that cannot be used.
  absl::StatusOr<wire::ChannelSecurity> Security() const;
  absl::StatusOr<std::unique_ptr<Connection>> Connect() const;
};

}  // namespace fp4::client
