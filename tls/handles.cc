#include "tls/handles.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "absl/strings/str_cat.h"

namespace fp4::tls {

absl::Status LibraryError(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* words = code == 0 ? nullptr : ERR_reason_error_string(code);
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ": ", words == nullptr ? "cannot be used" : words));
}

absl::StatusOr<std::vector<X509Certificate>> ParseCertificates(std::string_view pem,
                                                               std::string_view name) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<X509Certificate> all;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) all.emplace_back(one);
  if (all.empty()) return LibraryError(absl::StrCat(std::string(name), " holds no certificate"));
  ERR_clear_error();  // the end of the text
  return all;
}

absl::StatusOr<Key> ParseKey(std::string_view pem, std::string_view name) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Nobody is here to be asked for the word of a locked key.
  const auto no_word = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_word, nullptr));
  if (key == nullptr) return LibraryError(absl::StrCat(std::string(name), " holds no private key"));
  return key;
}

}  // namespace fp4::tls
