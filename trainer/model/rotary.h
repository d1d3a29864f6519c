// Rotary position encoding (Su et al., "RoFormer", arXiv 2104.09864) on the halves (a, b) of each
// head:
//   (a cos + b sin, b cos - a sin), angle = position x frequency.
#pragma once

#include "spec/run_spec.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// One frequency for each of the head_dim / 2 pairs, in radians per position.
//   full: 10000^(-2i/d). half-truncated: 10000^(-i/(d/4 - 1)) for i < d/4, 0 for the rest, which
//   then do not turn.
std::vector<double> RotaryFrequencyTable(spec::RotaryFrequencies kind, int64_t head_dim);

// Cosines and sines of every angle, fp32: (T, d/2) along the sequence; (H, 1, d/2) along the heads,
// where the "position" is the head's number and all tokens turn alike; empty ones for no rotation
// (undefined tensors do not pass through autograd functions).
struct RotaryTable {
  at::Tensor cosines, sines;
};
RotaryTable MakeRotaryTable(const spec::ModelSpec& model, at::Device device);

// Heads of q; of k and of v each.
struct HeadCounts {
  int64_t queries = 0, keys = 0;
};

// qkv (B, T, (H + 2 KV) D) stacks q of all heads, then k, then v. → q (B, H, T, D), k and v
// (B, KV, T, D), contiguous, q and k rotated. Recorded for autograd.
std::vector<at::Tensor> SplitHeads(const at::Tensor& qkv, HeadCounts heads,
                                   const RotaryTable& table);

}  // namespace fp4::trainer
