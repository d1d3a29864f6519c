#include "client/render/waiting.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/render/text.h"

namespace fp4::client {
namespace {

// "waits for a GPU slot: …" goes on after the count, other reasons stand after a colon.
std::string Sentence(int count, const std::string& reason) {
  constexpr char kWaits[] = "waits ";
  const std::string runs = count == 1 ? "1 run waits" : absl::StrCat(count, " runs wait");
  if (!absl::StartsWith(reason, kWaits)) return absl::StrCat(runs, ": ", reason);
  return absl::StrCat(runs, " ", reason.substr(sizeof kWaits - 1));
}

}  // namespace

std::vector<std::string> WaitingLines(const std::vector<std::string>& reasons) {
  std::map<std::string, int> counts;
  for (const std::string& reason : reasons) {
    if (!reason.empty()) ++counts[reason];
  }
  std::vector<std::pair<std::string, int>> ordered(counts.begin(), counts.end());
  std::ranges::stable_sort(ordered, std::greater<>(), &std::pair<std::string, int>::second);
  std::vector<std::string> lines;
  for (const auto& [reason, count] : ordered) lines.push_back(Printable(Sentence(count, reason)));
  return lines;
}

std::vector<std::string> WaitingLines(const std::vector<v1::Run>& runs) {
  std::vector<std::string> reasons;
  for (const v1::Run& run : runs) {
    if (run.state() == v1::RUN_STATE_QUEUED) reasons.push_back(run.message());
  }
  return WaitingLines(reasons);
}

}  // namespace fp4::client
