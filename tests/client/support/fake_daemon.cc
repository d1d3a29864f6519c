// Takes the flags of fp4-controller or fp4-worker, writes endpoints.json, and ends on SIGTERM.
// --http 127.0.0.1:1 stands for a port that cannot be had: it fails at once.
#include <unistd.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"
#include "base/stop_signal.h"
#include "tests/client/support/fake_service.h"

int main(int argc, char** argv) {
  fp4::StopSignal stop;
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  if (flags["--http"] == "127.0.0.1:1") {
    std::cerr << "cannot listen on 127.0.0.1:1\n";
    return 1;
  }
  nlohmann::json endpoints = {{"pid", getpid()}, {"http", "127.0.0.1:4999"}};
  std::string folder = flags["--work-dir"];
  std::optional<fp4::client::FakeService> service;
  if (flags.contains("--data-dir")) {
    folder = flags["--data-dir"];
    endpoints["grpc"] = service.emplace(flags["--listen"]).address();
  }
  if (!fp4::WriteFileDurably(folder + "/endpoints.json", endpoints.dump()).ok()) return 1;
  stop.Wait();
  return 0;
}
