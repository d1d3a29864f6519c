#include "trainer/model/head_loss.h"

#include <algorithm>

#include "trainer/model/parameters.h"

namespace fp4::trainer {
namespace {

// Logits of one piece: 64 MiB in fp32, but enough rows for the GEMMs to be fast.
constexpr int64_t kPieceElements = int64_t{1} << 24;
constexpr int64_t kPieceRows = 256;

int64_t RowsOfPiece(const Linear& head, int64_t all_rows) {
  if (head.takes_rows_whole()) return all_rows;
  return std::max(kPieceRows, kPieceElements / head.master().size(0));
}

struct Piece {
  at::Tensor logits;    // (rows, V) fp32
  at::Tensor log_sums;  // (rows, 1): log of the sum of exp
  at::Tensor targets;   // (rows, 1)
};

Piece Compute(Linear& head, const at::Tensor& input, const at::Tensor& targets, LossSums& sums) {
  Piece piece;
  piece.logits = head.Fprop(input).to(at::kFloat);
  piece.log_sums = at::logsumexp(piece.logits, 1, /*keepdim=*/true);
  piece.targets = targets.unsqueeze(1);
  sums.loss += (piece.log_sums - piece.logits.gather(1, piece.targets)).sum(at::kDouble);
  return piece;
}

template <typename Function>
void ForEachPiece(const Linear& head, const at::Tensor& hidden, const Function& function) {
  int64_t step = RowsOfPiece(head, hidden.size(0));
  for (int64_t begin = 0; begin < hidden.size(0); begin += step) {
    function(begin, std::min(step, hidden.size(0) - begin));
  }
}

}  // namespace

LossSums HeadLoss(Linear& head, const at::Tensor& hidden, const at::Tensor& targets) {
  at::NoGradGuard no_grad;
  LossSums sums{at::zeros({}, hidden.options().dtype(at::kDouble)),
                at::zeros({}, targets.options())};
  const at::Tensor input = head.Input(hidden);
  ForEachPiece(head, hidden, [&](int64_t begin, int64_t rows) {
    Piece piece = Compute(head, input.narrow(0, begin, rows), targets.narrow(0, begin, rows), sums);
    sums.correct += piece.logits.argmax(1, /*keepdim=*/true).eq(piece.targets).sum();
  });
  return sums;
}

HeadGradient HeadLossAndGradient(Linear& head, const at::Tensor& hidden, const at::Tensor& targets,
                                 double scale) {
  at::NoGradGuard no_grad;
  HeadGradient result;
  result.sums.loss = at::zeros({}, hidden.options().dtype(at::kDouble));
  result.hidden = at::empty_like(hidden);
  const at::Tensor input = head.Input(hidden);
  const at::Tensor kept = head.Kept(hidden, input);
  ForEachPiece(head, hidden, [&](int64_t begin, int64_t rows) {
    Piece piece =
        Compute(head, input.narrow(0, begin, rows), targets.narrow(0, begin, rows), result.sums);
    // d loss / d logits = softmax - one-hot, in place of the logits. Each row is added to once: the
    // order is fixed.
    at::Tensor dlogits = piece.logits.sub_(piece.log_sums).exp_();
    dlogits.scatter_add_(1, piece.targets, at::full_like(piece.log_sums, -1.0));
    dlogits = dlogits.mul_(scale).to(hidden.scalar_type());
    head.ShowGradient(dlogits);
    result.hidden.narrow(0, begin, rows).copy_(head.Dgrad(dlogits));
    if (head.trains_weight())
      AddToGradient(head.master(), head.Wgrad(dlogits, kept.narrow(0, begin, rows)));
  });
  return result;
}

at::Tensor SampleHeadTargets(Linear& head, const at::Tensor& hidden, const at::Tensor& uniform) {
  at::NoGradGuard no_grad;
  at::Tensor targets = at::empty({hidden.size(0)}, hidden.options().dtype(at::kLong));
  const at::Tensor input = head.Input(hidden);
  ForEachPiece(head, hidden, [&](int64_t begin, int64_t rows) {
    const at::Tensor logits = head.Fprop(input.narrow(0, begin, rows)).to(at::kFloat);
    const at::Tensor reached = at::softmax(logits, 1).cumsum(1);
    const at::Tensor drawn = reached.le(uniform.narrow(0, begin, rows).unsqueeze(1)).sum(1);
    targets.narrow(0, begin, rows).copy_(drawn.clamp_max(logits.size(1) - 1));
  });
  return targets;
}

}  // namespace fp4::trainer
