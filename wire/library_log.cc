#include "wire/library_log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <string>

#include "base/log.h"

namespace fp4::wire {
namespace {

// What they call an error is most often the other side's: none stops the program.
void LogOfGrpc(gpr_log_func_args* arguments) {
  const Severity severity =
      arguments->severity == GPR_LOG_SEVERITY_DEBUG ? Severity::kDebug : Severity::kWarning;
  Log(severity, "grpc", {{"detail", arguments->message}});
}

void LogOfProtobuf(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  const Severity severity =
      level == google::protobuf::LOGLEVEL_INFO ? Severity::kDebug : Severity::kWarning;
  Log(severity, "protobuf", {{"detail", message}});
}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

}  // namespace fp4::wire
