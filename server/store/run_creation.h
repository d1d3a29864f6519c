// New rows of variants and runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/store/ledger.h"
#include "server/store/lookup.h"
#include "spec/document.h"

namespace fp4::store {

// `search_values`: of a point of a search, a JSON object. Gives the row.
int64_t InsertVariant(Ledger& ledger, int64_t experiment, int64_t position,
                      const spec::Variant& variant,
                      const std::optional<std::string>& search_values = std::nullopt);

// Whose run it is.
struct RunOwner {
  Key experiment;
  std::string created_by;
};
// A queued run of the variant; `trial`: its number, of a search.
void InsertRun(Ledger& ledger, const RunOwner& owner, int64_t variant_row, const spec::RunSpec& run,
               uint64_t seed, std::optional<int64_t> trial = std::nullopt);

// An id that no row has yet; `sql` looks for one.
std::string UnusedId(Ledger& ledger, const char* sql);

}  // namespace fp4::store
