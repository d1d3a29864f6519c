#include "client/confirm.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fp4::client {
namespace {

constexpr size_t kShortestId = 4;

}  // namespace

absl::Status Confirm(const std::string& question, Context& context) {
  if (!context.can_ask) {
    return absl::FailedPreconditionError(
        "not done: there is no terminal to ask on; with --yes it is done without a question");
  }
  context.out.flush();
  context.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(context.in, answer);
  absl::StripAsciiWhitespace(&answer);
  absl::AsciiStrToLower(&answer);
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("not done");
}

absl::Status CheckIdIsLongEnough(const std::string& id, const std::string& verb) {
  if (id.size() >= kShortestId) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", id, "' is too short for `fp4ctl ", verb,
                                                 "`: give at least ", kShortestId,
                                                 " characters of the id"));
}

}  // namespace fp4::client
