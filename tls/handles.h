// OpenSSL's objects, which free themselves, and its errors as statuses.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::tls {

template <auto kFree>
struct Freeing {
  template <typename Object>
  void operator()(Object* object) const {
    kFree(object);
  }
};

using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using X509Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Freeing<SSL_free>>;

// INVALID_ARGUMENT: `what`, and the library's words for its last error. Forgets its errors.
absl::Status LibraryError(std::string_view what);

// All certificates of a text in PEM form, at least one. `name` says in an error where it is from.
absl::StatusOr<std::vector<X509Certificate>> ParseCertificates(std::string_view pem,
                                                               std::string_view name);
absl::StatusOr<Key> ParseKey(std::string_view pem, std::string_view name);

}  // namespace fp4::tls
