// Image files as tests need them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fp4::trainer {

// An idx file whose header says these dimensions, of that many bytes for each value; all of them
// `fill`.
inline std::string IdxBytes(uint8_t type, const std::vector<int64_t>& dimensions,
                            int64_t value_bytes = 1, char fill = '\1') {
  std::string bytes = {'\0', '\0', static_cast<char>(type), static_cast<char>(dimensions.size())};
  int64_t values = value_bytes;
  for (const int64_t dimension : dimensions) {
    values *= dimension;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(dimension >> shift);
  }
  return bytes + std::string(static_cast<size_t>(values), fill);
}

// CIFAR-10 records: image i has the label labels[i] and pixels of the value i.
inline std::string CifarBytes(const std::vector<int>& labels) {
  std::string bytes;
  for (size_t i = 0; i < labels.size(); ++i) {
    bytes += static_cast<char>(labels[i]);
    bytes += std::string(3072, static_cast<char>(i));
  }
  return bytes;
}

}  // namespace fp4::trainer
