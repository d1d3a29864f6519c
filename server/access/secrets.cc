#include "server/access/secrets.h"

#include <algorithm>

namespace fp4::access {
namespace {

// `prefix`, then at least `min_tail` of letters, digits, '_' and '-'.
struct Form {
  std::string_view prefix;
  size_t min_tail;
  std::string_view kind;
};
constexpr Form kForms[] = {
    {"fp4_", 73, "a token of fp4lab"},
    {"PRIVATE KEY-----", 0, "a private key"},
    {"hf_", 30, "a token of Hugging Face"},
    {"ghp_", 36, "a token of GitHub"},
    {"github_pat_", 40, "a token of GitHub"},
    {"glpat-", 20, "a token of GitLab"},
    {"AKIA", 16, "an access key of AWS"},
    {"xoxb-", 20, "a token of Slack"},
    {"sk-", 40, "an API key"},
    {"wandb_v1_", 20, "an API key of Weights & Biases"},
};

bool IsTail(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool Fits(std::string_view text, size_t at, const Form& form) {
  // Within a longer word it is part of that.
  if (form.min_tail > 0 && at > 0 && IsTail(text[at - 1])) return false;
  const std::string_view rest = text.substr(at + form.prefix.size());
  const auto end = std::ranges::find_if_not(rest, IsTail);
  return static_cast<size_t>(end - rest.begin()) >= form.min_tail;
}

std::optional<size_t> Find(std::string_view text, const Form& form) {
  for (size_t at = text.find(form.prefix); at != std::string_view::npos;
       at = text.find(form.prefix, at + 1)) {
    if (Fits(text, at, form)) return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<FoundSecret> FindSecret(std::string_view text) {
  std::optional<FoundSecret> first;
  for (const Form& form : kForms) {
    const std::optional<size_t> at = Find(text, form);
    if (at && (!first || *at < first->offset)) first = {.kind = form.kind, .offset = *at};
  }
  if (!first) return std::nullopt;
  const std::string_view before = text.substr(0, first->offset);
  first->line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
  const size_t newline = before.rfind('\n');
  first->column = static_cast<int>(newline == std::string_view::npos ? before.size() + 1
                                                                     : before.size() - newline);
  return first;
}

}  // namespace fp4::access
