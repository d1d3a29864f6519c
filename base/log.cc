#include "base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_file.h"

namespace fp4 {
namespace {

// Appends to a file, and looks each second whether its name still means the same file.
class RotatedFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  RotatedFile(std::filesystem::path path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  static UniqueFd Open(const std::filesystem::path& path) {
    return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    FollowName();
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    // Nobody could be told: the log is where errors go.
    (void)WriteAll(fd_.get(), {line.data(), line.size()}, path_.string());
  }
  void flush_() override {}

  void FollowName() {
    const absl::Duration now = SystemClock().SinceBoot();
    if (now < next_look_) return;
    next_look_ = now + absl::Seconds(1);
    struct stat named {
    }, held{};
    const bool same = stat(path_.c_str(), &named) == 0 && fstat(fd_.get(), &held) == 0 &&
                      named.st_ino == held.st_ino && named.st_dev == held.st_dev;
    if (same) return;
    if (UniqueFd fresh = Open(path_); fresh.valid()) fd_ = std::move(fresh);
  }

  const std::filesystem::path path_;
  UniqueFd fd_;
  absl::Duration next_look_ = -absl::InfiniteDuration();
};

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("fp4", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum Level(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return spdlog::level::debug;
    case Severity::kInfo:
      return spdlog::level::info;
    case Severity::kWarning:
      return spdlog::level::warn;
    case Severity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

}  // namespace

void Log(Severity severity, std::string_view message, std::initializer_list<LogField> fields) {
  if (!Logger().should_log(Level(severity))) return;
  nlohmann::ordered_json line = {{"time", FormatTimestamp(SystemClock().Now())},
                                 {"severity", Name(severity)},
                                 {"message", message}};
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  Logger().log(Level(severity), "{}",
               line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

absl::Status LogToFile(const std::filesystem::path& file) {
  if (file.empty()) return absl::OkStatus();
  UniqueFd fd = RotatedFile::Open(file);
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", file.string()));
  auto sink = std::make_shared<RotatedFile>(std::filesystem::absolute(file), std::move(fd));
  sink->set_pattern("%v");
  Logger().sinks() = {std::move(sink)};
  return absl::OkStatus();
}

void SetLogThreshold(Severity severity) { Logger().set_level(Level(severity)); }

}  // namespace fp4
