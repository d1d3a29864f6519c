// Short ids for people to type: lower-case letters and digits without vowels and look-alikes.
#pragma once

#include <string>

namespace fp4 {

// Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;

  // A new id, e.g. "k7x2m9qd": 8 characters of 27, random (getrandom); the caller checks that it is
  // unused.
  virtual std::string NewId() = 0;
};

// Ids from the kernel's random numbers; lives for ever.
IdSource& RandomIds();

}  // namespace fp4
