#include "spec/operand_checks.h"

#include "absl/strings/str_cat.h"

namespace fp4::spec {
namespace {

using numerics::BlockShape;
using numerics::MatrixShape;

const GemmPrecision& GemmOf(const LayerPrecision& layer, OperandUse use) {
  return layer.gemm(use.gemm);
}

const OperandPrecision& OperandOf(const LayerPrecision& layer, OperandUse use) {
  const GemmPrecision& gemm = GemmOf(layer, use);
  return use.second ? gemm.b : gemm.a;
}

std::string ShapeText(MatrixShape shape) { return absl::StrCat(shape.rows, " x ", shape.columns); }

}  // namespace

std::string QuantizerFault(const OperandPrecision& operand, MatrixShape shape) {
  const numerics::Format& format = *numerics::FindFormat(operand.format);
  const absl::Status status = format.Check(operand.options, shape);
  if (!status.ok()) return std::string(status.message());
  const std::string text = operand.options.block.empty() ? std::string(format.info().default_block)
                                                         : operand.options.block;
  const absl::StatusOr<BlockShape> block = numerics::ParseBlock(text);
  if (!block.ok()) return "";
  // A short last block of a flattened tensor is scaled by what it holds (docs/formats.md).
  if (block->kind == BlockShape::Kind::kFlat && shape.size() < block->columns) {
    return absl::StrCat(operand.format, ": it has ", shape.size(), " values, fewer than the block ",
                        text);
  }
  if (block->kind == BlockShape::Kind::kTile &&
      (shape.columns % block->columns != 0 || shape.rows % block->rows != 0)) {
    return absl::StrCat(operand.format, ": the block ", text, " does not divide it");
  }
  return "";
}

namespace {

// The rows of one GEMM call, and what they are to the user.
struct Rows {
  int64_t count = 0;
  std::string meaning;
};

class OperandChecker {
 public:
  OperandChecker(const LayerPrecision& layer, const TensorInfo& tensor, int64_t records_per_batch)
      : layer_(layer), tensor_(tensor) {
    batch_ = RowsOf(records_per_batch, "a micro-batch has ");
    last_ = RowsOf(1, "the last micro-batch of an evaluation may have ");
  }

  std::vector<OperandFault> Run() {
    if (layer_.is_lookup) {
      Check({Gemm::kFprop, true}, {});
      return std::move(faults_);
    }
    for (const OperandUse use : kOperandUses) {
      const bool computed = use.gemm != Gemm::kWgrad || layer_.estimator != Estimator::kNone;
      if (computed) CheckUse(use);
    }
    return std::move(faults_);
  }

 private:
  Rows RowsOf(int64_t records, std::string_view what) const {
    const int64_t rows = records * tensor_.rows_per_record;
    return {rows, absl::StrCat(std::string(what), records, " x ", tensor_.rows_per_record, " = ",
                               rows, " rows")};
  }

  // The first shape that does not fit stands for all.
  void CheckUse(OperandUse use) {
    if (TensorOf(use) == OperandTensor::kWeights) {
      Check(use, {});
      return;
    }
    if (!Check(use, batch_)) return;
    if (use.gemm == Gemm::kFprop) Check(use, last_);
  }

  bool Check(OperandUse use, const Rows& rows) {
    const OperandPrecision& operand = OperandOf(layer_, use);
    if (!operand.quantized()) return true;
    const bool as_in_fprop = use.second && GemmOf(layer_, use).b_as_in_fprop;
    const MatrixShape shape =
        OperandShape(use, {rows.count, layer_.out_features, layer_.in_features}, as_in_fprop);
    const std::string fault = QuantizerFault(operand, shape);
    if (fault.empty()) return true;
    const bool weight = use == OperandUse{Gemm::kFprop, true};
    faults_.push_back({use, absl::StrCat("does not fit ", weight ? "" : OperandText(use),
                                         layer_.layer, " (", ShapeText(shape), "): ", fault,
                                         rows.meaning.empty() ? "" : "; ", rows.meaning)});
    return false;
  }

  // "the gradients of wgrad in "
  static std::string OperandText(OperandUse use) {
    return absl::StrCat("the ", std::string(OperandName(TensorOf(use))), " of ",
                        std::string(GemmName(use.gemm)), " in ");
  }

  const LayerPrecision& layer_;
  const TensorInfo& tensor_;
  Rows batch_, last_;
  std::vector<OperandFault> faults_;
};

}  // namespace

std::vector<OperandFault> FindOperandFaults(const LayerPrecision& layer, const TensorInfo& tensor,
                                            int64_t records_per_batch) {
  return OperandChecker(layer, tensor, records_per_batch).Run();
}

}  // namespace fp4::spec
