#pragma once

#include <string>
#include <string_view>

namespace fp4::client {

// `text` as a part of a URL: letters, digits and -._~ stay, and what stands in `kept`; every other
// byte is %XX (RFC 3986, section 2.1).
std::string PercentEncoded(std::string_view text, std::string_view kept = "");

}  // namespace fp4::client
