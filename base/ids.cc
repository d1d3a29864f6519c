#include "base/ids.h"

#include <sys/random.h>

#include <cstdint>
#include <string_view>
#include <system_error>

namespace fp4 {
namespace {

constexpr std::string_view kAlphabet = "bcdfghjkmnpqrstvwxz23456789";
constexpr int kLength = 8;

class KernelIds final : public IdSource {
 public:
  std::string NewId() override {
    std::string id;
    while (id.size() < kLength) {
      uint8_t byte = 0;
      if (getrandom(&byte, 1, 0) != 1)
        throw std::system_error(errno, std::generic_category(), "getrandom");
      // 243 = 9 * 27: what lies above would make some characters likelier.
      if (byte < 243) id += kAlphabet[byte % kAlphabet.size()];
    }
    return id;
  }
};

}  // namespace

IdSource& RandomIds() {
  static KernelIds ids;
  return ids;
}

}  // namespace fp4
