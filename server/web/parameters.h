// The query of a request, read with a clear word about what is wrong in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "telemetry/http_message.h"

namespace fp4::web {

// Of one request. Each call notes the name as known; Finish complains about the rest.
// INVALID_ARGUMENT names the parameter and its value.
class Parameters {
 public:
  explicit Parameters(const telemetry::HttpFields& fields) : fields_(fields) {}

  std::vector<std::string> All(std::string_view name);
  // Empty where it is absent.
  absl::StatusOr<std::string> Text(std::string_view name);
  // `absent` where it is.
  absl::StatusOr<int64_t> Integer(std::string_view name, int64_t absent, int64_t least,
                                  int64_t most);
  absl::StatusOr<double> Number(std::string_view name, double absent);
  // "1", "true" or nothing behind the name; "0", "false".
  absl::StatusOr<bool> Flag(std::string_view name);

  // A parameter that nobody has asked for is most likely a typing error.
  absl::Status Finish() const;

 private:
  const telemetry::HttpFields& fields_;
  std::vector<std::string> known_;
};

}  // namespace fp4::web
