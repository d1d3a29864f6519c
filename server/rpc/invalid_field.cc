#include "server/rpc/invalid_field.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "wire/status.h"

namespace fp4::rpc {

absl::Status InvalidField(const std::string& field, const std::string& description) {
  const wire::FieldViolation violation{field, description};
  return wire::InvalidFields(reason::kInvalidArgument, absl::StrCat(field, ": ", description),
                             {&violation, 1});
}

}  // namespace fp4::rpc
