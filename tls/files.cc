#include "tls/files.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tls/handles.h"
#include "tls/secret_file.h"

namespace fp4::tls {

absl::Status CheckPair(const Files& files) {
  FP4_ASSIGN_OR_RETURN(const std::string chain, ReadFile(files.certificate));
  FP4_ASSIGN_OR_RETURN(const auto certificates,
                       ParseCertificates(chain, files.certificate.string()));
  FP4_ASSIGN_OR_RETURN(const std::string pem, ReadSecretFile(files.key));
  FP4_ASSIGN_OR_RETURN(const Key key, ParseKey(pem, files.key.string()));
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    return LibraryError(
        absl::StrCat(files.key.string(), " is not the key of ", files.certificate.string()));
  }
  if (files.authority.empty()) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const std::string authority, ReadFile(files.authority));
  return ParseCertificates(authority, files.authority.string()).status();
}

}  // namespace fp4::tls
