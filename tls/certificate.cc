#include "tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/x509_vfy.h>

#include <ctime>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tls/handles.h"
#include "tls/worker_uri.h"

namespace fp4::tls {
namespace {

std::string SubjectOf(X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_ONELINE);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return absl::InfinitePast();
  return absl::FromTimeT(timegm(&broken_down));
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::string AddressOf(const ASN1_OCTET_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof text);
  return text;
}

Certificate Describe(X509& x509) {
  Certificate certificate{.subject = SubjectOf(x509),
                          .names = {},
                          .uris = {},
                          .not_before = TimeOf(X509_get0_notBefore(&x509)),
                          .not_after = TimeOf(X509_get0_notAfter(&x509))};
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) certificate.names.push_back(TextOf(name->d.dNSName));
    if (name->type == GEN_IPADD) certificate.names.push_back(AddressOf(name->d.iPAddress));
    if (name->type == GEN_URI) {
      certificate.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    }
  }
  return certificate;
}

// X509_V_OK, or what is wrong.
int VerifyChain(const std::vector<X509Certificate>& chain,
                const std::vector<X509Certificate>& authority, absl::Time now) {
  const X509Store store(X509_STORE_new());
  for (const X509Certificate& one : authority) X509_STORE_add_cert(store.get(), one.get());
  STACK_OF(X509)* between = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(between, chain[i].get());
  const StoreContext context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), between);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  const bool good = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  sk_X509_free(between);
  if (good) return X509_V_OK;
  return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

}  // namespace

absl::StatusOr<Certificate> ReadCertificate(std::string_view pem) {
  FP4_ASSIGN_OR_RETURN(const std::vector<X509Certificate> all, ParseCertificates(pem, "the text"));
  return Describe(*all.front());
}

absl::StatusOr<Certificate> ReadCertificateFile(const std::filesystem::path& file) {
  FP4_ASSIGN_OR_RETURN(const std::string pem, ReadFile(file));
  FP4_ASSIGN_OR_RETURN(const std::vector<X509Certificate> all,
                       ParseCertificates(pem, file.string()));
  return Describe(*all.front());
}

absl::StatusOr<std::string> VerifyWorker(std::string_view chain, std::string_view authority,
                                         absl::Time now) {
  FP4_ASSIGN_OR_RETURN(const std::vector<X509Certificate> certificates,
                       ParseCertificates(chain, "what the worker sent"));
  FP4_ASSIGN_OR_RETURN(const std::vector<X509Certificate> trusted,
                       ParseCertificates(authority, "the authority's file"));
  const Certificate described = Describe(*certificates.front());
  const auto refused = [&](std::string_view why) {
    return absl::UnauthenticatedError(absl::StrCat("the certificate of ", described.subject, ": ",
                                                   std::string(why), " (valid from ",
                                                   absl::FormatTime(described.not_before), " to ",
                                                   absl::FormatTime(described.not_after), ")"));
  };
  if (const int error = VerifyChain(certificates, trusted, now); error != X509_V_OK) {
    return refused(X509_verify_cert_error_string(error));
  }
  for (const std::string& uri : described.uris) {
    std::string name = WorkerNameOfUri(uri);
    if (!name.empty()) return name;
  }
  return refused(
      absl::StrCat("it has no name of the form ", std::string(kWorkerUriPrefix), "NAME"));
}

}  // namespace fp4::tls
