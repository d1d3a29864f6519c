#include "server/web/parameters.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/invalid_field.h"
#include "spec/suggest.h"

namespace fp4::web {

std::vector<std::string> Parameters::All(std::string_view name) {
  known_.emplace_back(name);
  std::vector<std::string> values;
  for (const auto& [key, value] : fields_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

absl::StatusOr<std::string> Parameters::Text(std::string_view name) {
  const std::vector<std::string> values = All(name);
  if (values.size() > 1) {
    return rpc::InvalidField(std::string(name),
                             absl::StrCat("is given ", values.size(), " times; once is enough"));
  }
  return values.empty() ? std::string() : values.front();
}

absl::StatusOr<int64_t> Parameters::Integer(std::string_view name, int64_t absent, int64_t least,
                                            int64_t most) {
  FP4_ASSIGN_OR_RETURN(const std::string text, Text(name));
  if (text.empty()) return absent;
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  return rpc::InvalidField(
      std::string(name),
      absl::StrCat("is '", text, "'; allowed: a whole number from ", least, " to ", most));
}

absl::StatusOr<double> Parameters::Number(std::string_view name, double absent) {
  FP4_ASSIGN_OR_RETURN(const std::string text, Text(name));
  if (text.empty()) return absent;
  double value = 0;
  if (absl::SimpleAtod(text, &value) && std::isfinite(value)) return value;
  return rpc::InvalidField(std::string(name), absl::StrCat("is '", text, "', which is no number"));
}

absl::StatusOr<bool> Parameters::Flag(std::string_view name) {
  const std::vector<std::string> values = All(name);
  if (values.empty()) return false;
  const std::string& text = values.back();
  if (text == "0" || text == "false") return false;
  if (text.empty() || text == "1" || text == "true") return true;
  return rpc::InvalidField(std::string(name), absl::StrCat("is '", text, "'; allowed: 0, 1"));
}

absl::Status Parameters::Finish() const {
  for (const auto& [key, value] : fields_) {
    if (std::ranges::find(known_, key) != known_.end()) continue;
    return rpc::InvalidField(
        key, absl::StrCat("is no parameter of this path", spec::SuggestionAndChoices(key, known_)));
  }
  return absl::OkStatus();
}

}  // namespace fp4::web
