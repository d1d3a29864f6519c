#include "tls/worker_uri.h"

#include <algorithm>

namespace fp4::tls {
namespace {

bool IsNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '@';
}

}  // namespace

bool IsIdentityName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, IsNamePart);
}

std::string WorkerUri(std::string_view name) { return std::string(kWorkerUriPrefix).append(name); }

std::string WorkerNameOfUri(std::string_view uri) {
  if (!uri.starts_with(kWorkerUriPrefix)) return "";
  uri.remove_prefix(kWorkerUriPrefix.size());
  return IsIdentityName(uri) ? std::string(uri) : "";
}

}  // namespace fp4::tls
