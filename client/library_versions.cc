#include "client/library_versions.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"

namespace fp4::client {

std::vector<LibraryVersion> LibraryVersions() {
  return {{"grpc", grpc::Version()},
          {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
          {"abseil", absl::StrCat(ABSL_LTS_RELEASE_VERSION)},
          {"compiler", __VERSION__}};
}

}  // namespace fp4::client
