#include "tls/authority.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tls/handles.h"
#include "tls/secret_file.h"
#include "tls/worker_uri.h"

namespace fp4::tls {

struct Authority::Request {
  std::string file;     // without its ending
  std::string subject;  // the common name
  std::string names;    // subjectAltName as OpenSSL's configuration writes it
  const char* usage;    // extendedKeyUsage
};

namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kClockSkew = absl::Hours(1);  // valid since: clocks differ

absl::StatusOr<Key> NewKey() {
  Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return LibraryError("a new key");
  return key;
}

std::string KeyPem(EVP_PKEY& key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string CertificatePem(X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

absl::Status AddExtension(X509& certificate, X509& issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return LibraryError(absl::StrCat("the extension ", value));
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return absl::OkStatus();
}

void SetSerial(X509& certificate) {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[0] &= 0x7F;  // a positive number
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate));
  BN_free(number);
}

// Without extensions and signature.
X509Certificate NewCertificate(EVP_PKEY& key, const std::string& subject, absl::Time now,
                               absl::Duration lifetime) {
  X509Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  SetSerial(*certificate);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(now - kClockSkew));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(now + lifetime));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

absl::Status MakeAuthority(const fs::path& folder, absl::Duration lifetime, absl::Time now) {
  FP4_ASSIGN_OR_RETURN(const Key key, NewKey());
  const X509Certificate certificate =
      NewCertificate(*key, "fp4lab private authority", now, lifetime);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                                   std::pair(NID_key_usage, "critical,keyCertSign,cRLSign"),
                                   std::pair(NID_subject_key_identifier, "hash")}) {
    FP4_RETURN_IF_ERROR(AddExtension(*certificate, *certificate, nid, value));
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  FP4_RETURN_IF_ERROR(MakeSecretFile(folder / "authority.key", KeyPem(*key)));
  return WriteFileDurably(folder / "authority.pem", CertificatePem(*certificate));
}

bool IsAddress(const std::string& name) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address) == 1;
}

bool IsHostName(const std::string& name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

}  // namespace

absl::StatusOr<Authority> Authority::OpenOrMake(const fs::path& folder, const Lifetimes& lifetimes,
                                                absl::Time now) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", folder.string()));
  if (made) chmod(folder.c_str(), 0700);
  if (!fs::exists(folder / "authority.key")) {
    FP4_RETURN_IF_ERROR(MakeAuthority(folder, lifetimes.authority, now));
  }
  return Authority(folder, lifetimes);
}

absl::StatusOr<Files> Authority::Issue(const Request& request, absl::Time now) const {
  FP4_ASSIGN_OR_RETURN(const std::string own_pem, ReadFile(folder_ / "authority.pem"));
  FP4_ASSIGN_OR_RETURN(const auto own, ParseCertificates(own_pem, "authority.pem"));
  FP4_ASSIGN_OR_RETURN(const std::string own_key_pem, ReadSecretFile(folder_ / "authority.key"));
  FP4_ASSIGN_OR_RETURN(const Key own_key, ParseKey(own_key_pem, "authority.key"));
  FP4_ASSIGN_OR_RETURN(const Key key, NewKey());
  const X509Certificate certificate =
      NewCertificate(*key, request.subject, now, lifetimes_.certificate);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(own.front().get()));
  for (const auto& [nid, value] :
       {std::pair(NID_basic_constraints, std::string("critical,CA:FALSE")),
        std::pair(NID_key_usage, std::string("critical,digitalSignature")),
        std::pair(NID_ext_key_usage, std::string(request.usage)),
        std::pair(NID_subject_alt_name, request.names),
        std::pair(NID_subject_key_identifier, std::string("hash")),
        std::pair(NID_authority_key_identifier, std::string("keyid"))}) {
    FP4_RETURN_IF_ERROR(AddExtension(*certificate, *own.front(), nid, value));
  }
  if (X509_sign(certificate.get(), own_key.get(), EVP_sha256()) == 0) {
    return LibraryError("the authority's signature");
  }
  Files files{.certificate = folder_ / (request.file + ".pem"),
              .key = folder_ / (request.file + ".key"),
              .authority = folder_ / "authority.pem"};
  FP4_RETURN_IF_ERROR(ReplaceSecretFile(files.key, KeyPem(*key)));
  FP4_RETURN_IF_ERROR(WriteFileDurably(files.certificate, CertificatePem(*certificate)));
  return files;
}

absl::StatusOr<Files> Authority::IssueController(const std::vector<std::string>& names,
                                                 absl::Time now) const {
  if (names.empty()) {
    return absl::InvalidArgumentError("a controller's certificate needs a name of its host");
  }
  std::vector<std::string> written;
  for (const std::string& name : names) {
    if (!IsAddress(name) && !IsHostName(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name, "' is neither the name of a host nor an address"));
    }
    written.push_back(absl::StrCat(IsAddress(name) ? "IP:" : "DNS:", name));
  }
  std::string all = written.front();
  for (size_t i = 1; i < written.size(); ++i) absl::StrAppend(&all, ",", written[i]);
  return Issue(
      {.file = "controller", .subject = "fp4lab controller", .names = all, .usage = "serverAuth"},
      now);
}

absl::StatusOr<Files> Authority::IssueWorker(const std::string& name, absl::Time now) const {
  if (!IsIdentityName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", name,
        "' is no name for a worker; allowed: 1 to 64 letters, digits, '.', '_', '-', '@'"));
  }
  return Issue({.file = absl::StrCat("worker-", name),
                .subject = name,
                .names = absl::StrCat("URI:", WorkerUri(name)),
                .usage = "clientAuth"},
               now);
}

}  // namespace fp4::tls
