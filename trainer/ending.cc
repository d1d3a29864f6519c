#include "trainer/ending.h"

#include <exception>
#include <iostream>
#include <new>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/trainer_exit.h"

namespace fp4::trainer {
namespace {

// Where an exception came from, in words.
std::string Place(const StepContext& context) {
  std::string place = absl::StrCat("step ", context.step);
  if (!context.layer.empty()) absl::StrAppend(&place, ", layer ", std::string(context.layer));
  return place;
}

// LibTorch's messages go on with a stack trace after the first line.
std::string FirstLine(const char* text) {
  std::string_view message(text);
  return std::string(message.substr(0, message.find('\n')));
}

int ExitStatusFor(const absl::Status& error) {
  if (absl::IsInvalidArgument(error) || absl::IsNotFound(error)) return kExitBadDocument;
  return absl::IsCancelled(error) ? kExitStopped : kExitFailed;
}

// LibTorch has no type of its own for what its allocator of the CPU says.
bool IsOutOfMemory(const std::exception& error) {
  const std::string_view message(error.what());
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         message.find("out of memory") != std::string_view::npos ||
         message.find("can't allocate memory") != std::string_view::npos;
}

}  // namespace

std::string LastWords(const absl::Status& error) {
  const std::string message(error.message());
  const std::optional<std::string> reason = ReasonOf(error);
  return reason ? absl::StrCat(*reason, ": ", message) : message;
}

int Failed(const absl::Status& error) {
  std::cerr << "fp4-train: " << LastWords(error) << std::endl;
  return ExitStatusFor(error);
}

absl::Status WithoutExceptions(const StepContext& context,
                               const std::function<absl::Status()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    const std::string what = absl::StrCat(Place(context), ": ", FirstLine(error.what()));
    if (!IsOutOfMemory(error)) return absl::InternalError(what);
    return ErrorWithReason(absl::StatusCode::kResourceExhausted, reason::kOutOfMemory, what);
  }
}

}  // namespace fp4::trainer
