#include "spec/attention.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/model_kinds.h"
#include "spec/operand_checks.h"

namespace fp4::spec {

std::vector<AttentionTensor> AttentionTensors(const ModelSpec& model) {
  const ModelKind& kind = KindOf(model);
  return kind.attention_tensors == nullptr ? std::vector<AttentionTensor>{}
                                           : kind.attention_tensors(model);
}

bool MatchesByName(const Pattern& pattern, const AttentionTensor& tensor) {
  if (pattern.segments.empty() || !Matches(pattern, tensor.name)) return false;
  const Pattern::Segment& last = pattern.segments.back();
  return !last.any_number && std::ranges::none_of(last.pieces, [](const Pattern::Piece& piece) {
    return piece.kind == Pattern::Piece::Kind::kStar;
  });
}

std::string AttentionFault(const AttentionPrecision& precision, const AttentionTensor& tensor,
                           int64_t records_per_batch) {
  const OperandPrecision& operand = precision.operand;
  if (operand.options.hadamard != 0) {
    return absl::StrCat("rotates ", tensor.name,
                        " (hadamard), and no product turns it back; set hadamard to 0");
  }
  if (operand.outlier_quantile > 0) {
    return absl::StrCat("clamps the outliers of ", tensor.name,
                        ", whose rows are of different lengths; set outlier_quantile to 0");
  }
  for (const int64_t records : {records_per_batch, int64_t{1}}) {
    const numerics::MatrixShape shape{records * tensor.rows_per_record, tensor.columns};
    const std::string fault = QuantizerFault(operand, shape);
    if (fault.empty()) continue;
    return absl::StrCat("does not fit ", tensor.name, " (", shape.rows, " x ", shape.columns,
                        "): ", fault);
  }
  return "";
}

}  // namespace fp4::spec
