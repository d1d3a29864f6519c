// The experiment that puts advice to the test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/advice/move.h"
#include "spec/advice/offer.h"

namespace fp4::client {

// What the variant is called that changes nothing: the reference.
inline constexpr std::string_view kAdvisedVariant = "base";

struct AdviceTrial {
  std::string run_document;                // the resolved one of the advised run
  std::string description;                 // of the experiment
  std::vector<spec::PredictedMove> moves;  // each becomes a variant
  std::vector<int64_t> seeds;
};

// The run's document as the variant "base", which measures its advice again, and a variant of its
// name for each move, with the same steps and seeds. INVALID_ARGUMENT names a move that the
// document does not offer, or says that there is none.
absl::StatusOr<std::string> AdviceDocument(const AdviceTrial& trial,
                                           const std::vector<spec::Offer>& offers);

// The moves of a resolved document; INVALID_ARGUMENT: it cannot be read.
absl::StatusOr<std::vector<spec::Offer>> OffersOf(const std::string& run_document);

}  // namespace fp4::client
