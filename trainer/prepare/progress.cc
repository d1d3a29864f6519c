#include "trainer/prepare/progress.h"

#include "absl/strings/str_format.h"
#include "base/file_identity.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr double kMiB = 1 << 20;
constexpr absl::Duration kBetweenLines = absl::Milliseconds(500);

}  // namespace

void PrepareProgress::Say(std::string_view what) { output_.progress << what << std::endl; }

absl::Status PrepareProgress::Begin(const std::vector<DocumentFile>& files,
                                    const std::vector<PreparedPart>& parts) {
  starts_ = {0};
  for (const DocumentFile& file : files) {
    FP4_ASSIGN_OR_RETURN(const FileIdentity identity, IdentityOf(file.path));
    starts_.push_back(starts_.back() + identity.size);
  }
  for (const PreparedPart& part : parts) tokens_ += part.tokens;
  if (!parts.empty()) first_bytes_ = BytesBefore(parts.back().end);
  begun_ = shown_ = clock_.SinceBoot();
  if (parts.empty()) return absl::OkStatus();
  Say(absl::StrFormat("%d finished files are there, with %d tokens", parts.size(), tokens_));
  return absl::OkStatus();
}

int64_t PrepareProgress::BytesBefore(const DocumentPlace& place) const {
  return starts_[static_cast<size_t>(place.file)] + place.offset;
}

void PrepareProgress::Line(const DocumentPlace& end) {
  const auto done = static_cast<double>(BytesBefore(end));
  const auto all = static_cast<double>(starts_.back());
  const double seconds = absl::ToDoubleSeconds(clock_.SinceBoot() - begun_);
  const double speed = seconds > 0 ? (done - static_cast<double>(first_bytes_)) / seconds : 0;
  output_.progress << absl::StrFormat("%.1f of %.1f MiB (%.0f %%), %d tokens, %.1f MiB/s",
                                      done / kMiB, all / kMiB, all > 0 ? 100 * done / all : 100,
                                      tokens_, speed / kMiB);
  if (speed > 0) {
    output_.progress << ", "
                     << absl::FormatDuration(
                            absl::Ceil(absl::Seconds((all - done) / speed), absl::Seconds(1)))
                     << " left";
  }
}

void PrepareProgress::Document(const DocumentPlace& end, int64_t tokens) {
  tokens_ += tokens;
  if (!output_.is_terminal || clock_.SinceBoot() - shown_ < kBetweenLines) return;
  shown_ = clock_.SinceBoot();
  output_.progress << "\r\x1b[K";
  Line(end);
  output_.progress << std::flush;
}

void PrepareProgress::PartDone(const PreparedPart& part) {
  if (output_.is_terminal) output_.progress << "\r\x1b[K";
  output_.progress << part.file << ": ";
  Line(part.end);
  output_.progress << std::endl;
}

}  // namespace fp4::trainer
