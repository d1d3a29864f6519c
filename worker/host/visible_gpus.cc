#include "worker/host/visible_gpus.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace fp4::worker {
namespace {

// The GPU that one entry of CUDA_VISIBLE_DEVICES names; gpus.size(): none, or not one only.
size_t FindGpu(const std::vector<GpuInfo>& gpus, absl::string_view entry) {
  size_t number = 0;
  const char* end = entry.data() + entry.size();
  if (auto [rest, error] = std::from_chars(entry.data(), end, number);
      error == std::errc() && rest == end) {
    return std::min(number, gpus.size());
  }
  size_t match = gpus.size();
  for (size_t i = 0; i < gpus.size() && absl::StartsWith(entry, "GPU-"); ++i) {
    if (!absl::StartsWith(gpus[i].uuid, entry)) continue;
    if (match != gpus.size()) return gpus.size();
    match = i;
  }
  return match;
}

}  // namespace

std::vector<size_t> VisibleGpus(const std::vector<GpuInfo>& gpus, const char* visible) {
  std::vector<size_t> indices;
  if (visible == nullptr) {
    for (size_t i = 0; i < gpus.size(); ++i) indices.push_back(i);
    return indices;
  }
  for (absl::string_view entry : absl::StrSplit(visible, ',')) {
    size_t index = FindGpu(gpus, absl::StripAsciiWhitespace(entry));
    if (index == gpus.size()) break;
    indices.push_back(index);
  }
  return indices;
}

}  // namespace fp4::worker
