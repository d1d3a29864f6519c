// Against DNS rebinding: a page of elsewhere whose name is made to point to this machine would be
// read by its scripts as if it were theirs. Such a request carries that name in its Host header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fp4::web {

// Whether a request for `host`, the value of a Host header, is answered: an address in numbers,
// "localhost" and names below it, one of `names` (in lower case), each with any port, since it may
// be forwarded. No header at all (HTTP/1.0) is no browser's. Pure.
bool IsAllowedHost(std::string_view host, const std::vector<std::string>& names);

// The names of this machine: its host name, as it is and without its domain.
std::vector<std::string> NamesOfThisHost();

}  // namespace fp4::web
