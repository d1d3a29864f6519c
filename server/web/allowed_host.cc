#include "server/web/allowed_host.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace fp4::web {
namespace {

bool IsAddress(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address) == 1;
}

// Without its port and an IPv6 address's brackets.
std::string HostOnly(std::string_view host) {
  if (host.starts_with('[')) {
    return std::string(host.substr(1, std::min(host.find(']'), host.size()) - 1));
  }
  return absl::AsciiStrToLower(std::string(host.substr(0, host.find(':'))));
}

}  // namespace

bool IsAllowedHost(std::string_view host, const std::vector<std::string>& names) {
  if (host.empty()) return true;
  const std::string name = HostOnly(host);
  return IsAddress(name) || name == "localhost" || name.ends_with(".localhost") ||
         std::ranges::find(names, name) != names.end();
}

std::vector<std::string> NamesOfThisHost() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) return {};
  const std::string full = absl::AsciiStrToLower(std::string(name));
  return {full, full.substr(0, full.find('.'))};
}

}  // namespace fp4::web
