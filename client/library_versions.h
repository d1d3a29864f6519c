#pragma once

#include <string>
#include <vector>

namespace fp4::client {

struct LibraryVersion {
  std::string name, version;
};

// What this program is made of: gRPC as it is loaded, protobuf and abseil as they were compiled in
// (another version of theirs is another library), and the compiler.
std::vector<LibraryVersion> LibraryVersions();

}  // namespace fp4::client
