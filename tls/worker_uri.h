// How a certificate says that it is a worker's: a name of the form URI in its subjectAltName,
// "fp4lab://worker/NAME". Pure.
#pragma once

#include <string>
#include <string_view>

namespace fp4::tls {

inline constexpr std::string_view kWorkerUriPrefix = "fp4lab://worker/";

// 1 to 64 letters, digits, '.', '_', '-', '@', so that it stands in a URI, a log and a file's name
// as it is.
bool IsIdentityName(std::string_view name);

std::string WorkerUri(std::string_view name);
// Empty: the URI is another.
std::string WorkerNameOfUri(std::string_view uri);

}  // namespace fp4::tls
