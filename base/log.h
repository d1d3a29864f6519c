// Structured logs of the daemons, one JSON object a line on stderr: {"time", "severity", "message",
// fields …}. Rotation is the system's. No header of a logging library is included here, so that the
// trainer can use this beside LibTorch.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace fp4 {

enum class Severity { kDebug, kInfo, kWarning, kError };

using LogValue = std::variant<std::string, int64_t, double, bool>;

struct LogField {
  LogField(std::string_view name, std::string_view value) : name(name), value(std::string(value)) {}
  LogField(std::string_view name, const std::string& value) : name(name), value(value) {}
  LogField(std::string_view name, const char* value) : name(name), value(std::string(value)) {}
  LogField(std::string_view name, bool value) : name(name), value(value) {}
  LogField(std::string_view name, double value) : name(name), value(value) {}
  template <typename Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view name, Integer value) : name(name), value(static_cast<int64_t>(value)) {}

  std::string_view name;
  LogValue value;
};

// `message` is a constant text ("run assigned"); what varies goes into fields. Thread-safe.
void Log(Severity severity, std::string_view message, std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(Severity::kInfo, message, fields);
}
inline void LogWarning(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(Severity::kWarning, message, fields);
}
inline void LogError(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(Severity::kError, message, fields);
}

// What is less severe is dropped. Default: kInfo.
void SetLogThreshold(Severity severity);

}  // namespace fp4
