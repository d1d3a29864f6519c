"""AdamW's moments in few bits: torchao's low-bit optimizers and bitsandbytes' dynamic maps, from their definitions, in fp32."""
import numpy as np
import torch

import operands  # noqa: F401  (finds bench/conformance)
import arithmetic

SMALLEST = 4096  # a tensor of fewer elements keeps fp32


def unsigned_dynamic_map():
    """As the signed one, with twice the parts in each decade."""
    values = [0.0, 1.0]
    for exponent in range(7):
        edges = torch.linspace(0.1, 1, 2 ** (exponent + 1) + 1, dtype=torch.float32)
        middles = (edges[:-1] + edges[1:]) / 2
        values += (torch.tensor(10.0 ** (exponent - 6), dtype=torch.float32) * middles).tolist()
    return np.sort(np.array(values, np.float32))


def mirrored(magnitudes):
    return np.unique(np.concatenate([-magnitudes, magnitudes]))


FOUR = np.array([.0055, .0325, .0775, .2125, .4375, .6625, .8875], np.float32)
E4M3 = mirrored(arithmetic.E4M3)


class Kind:
    """How the two moments of a tensor are kept: flat blocks, one fp32 scale each."""

    def __init__(self, block, divisor, first, second, even_ties=False):
        self.block, self.divisor, self.even_ties = block, divisor, even_ties
        self.maps = torch.from_numpy(first), torch.from_numpy(second)

    def fits(self, tensor):
        return tensor.numel() >= SMALLEST and tensor.numel() % self.block == 0

    def keep(self, moment, which):
        """What is left of a moment once it is encoded and decoded."""
        values = self.maps[which]
        blocks = moment.reshape(-1, self.block)
        scale = blocks.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / self.divisor
        return (self._nearest((blocks / scale).contiguous(), values) * scale).view(moment.shape)

    def _nearest(self, x, values):
        up = torch.searchsorted(values, x, right=True).clamp(1, len(values) - 1)
        low, high = values[up - 1], values[up]
        if not self.even_ties:
            return torch.where(x - low >= (high - low) * 0.5, high, low)
        middle = (low.double() + high.double()) / 2
        magnitudes = torch.from_numpy(arithmetic.E4M3)
        even = torch.searchsorted(magnitudes, high.abs().contiguous()) % 2 == 0
        return torch.where((x > middle) | ((x == middle) & even), high, low)


KINDS = {
    "8bit": Kind(256, 1.0, arithmetic.dynamic_map(), unsigned_dynamic_map()),
    "4bit": Kind(128, 1.0, np.sort(np.concatenate([mirrored(FOUR), np.array([0, 1], np.float32)])),
                 np.arange(1, 17, dtype=np.float32) / 16),
    "fp8": Kind(256, 448.0, E4M3, E4M3, even_ties=True),
}


class SmallStateAdamW:
    """Of one tensor. In this order: decay, update m and v, step with these m and v, encode them."""

    def __init__(self, kind, betas, eps):
        self.kind, self.betas, self.eps = kind, betas, eps
        self.m = self.v = None
        self.updates = 0

    def step(self, weight, gradient, rate, decay):
        f = np.float32
        beta1, beta2 = self.betas
        if self.m is None:
            self.m, self.v = torch.zeros_like(weight), torch.zeros_like(weight)
        self.updates += 1
        weight -= weight * f(rate * decay)
        m = self.m + (gradient - self.m) * f(1 - beta1)
        v = self.v + (gradient * gradient - self.v) * f(1 - beta2)
        denominator = v.sqrt() / f(np.sqrt(1 - beta2 ** self.updates)) + f(self.eps)
        weight -= m / f(1 - beta1 ** self.updates) * f(rate) / denominator
        self.m, self.v = self.kind.keep(m, 0), self.kind.keep(v, 1)
