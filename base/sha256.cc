#include "base/sha256.h"

#include <openssl/evp.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4 {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr);
}

Sha256::~Sha256() = default;

void Sha256::Update(std::string_view data) {
  EVP_DigestUpdate(state_->context.get(), data.data(), data.size());
}

std::string Sha256::HexDigest() {
  unsigned char digest[32];
  EVP_DigestFinal_ex(state_->context.get(), digest, nullptr);
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view data) {
  Sha256 sha;
  sha.Update(data);
  return sha.HexDigest();
}

absl::StatusOr<std::string> Sha256HexOfFile(const std::filesystem::path& path,
                                            const StopCheck& stop) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  Sha256 sha;
  std::vector<char> buffer(1 << 20);
  while (file) {
    if (stop()) return Stopped();
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    sha.Update({buffer.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad()) return absl::DataLossError(absl::StrCat("read ", path.string()));
  return sha.HexDigest();
}

}  // namespace fp4
