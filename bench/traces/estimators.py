"""What a weight that is quantized looks like and how it learns, where that is not "quantize, and pass the gradient on"."""
import math

import torch

from operands import E2M1, dge_slope, scaled_values

GRIDS = {"e2m1": E2M1, "nvfp4": E2M1, "mxfp4": E2M1, "int4": torch.arange(8.0), "int8": torch.arange(128.0),
         "ternary": torch.arange(2.0)}


def nearest(x, grid):
    """Magnitudes of a grid, the sign kept; beyond the last one it is the last one."""
    middles = (grid[1:] + grid[:-1]) / 2
    return torch.copysign(grid[torch.bucketize(x.abs(), middles)], x)


class Learned:
    """LSQ (arXiv 1902.08153): one scale for the layer, a parameter beside its weight."""

    def __init__(self, grid, scale):
        self.grid, self.largest, self.scale = grid, grid[-1].item(), scale

    @staticmethod
    def initial_scale(weight, grid):
        largest = grid[-1].item()
        start = weight.abs().max() / 6 if largest == 6 else 2 * weight.abs().mean() / math.sqrt(largest)
        return start.view(1).requires_grad_()

    def quantize(self, weight):
        return nearest(weight / self.scale, self.grid) * self.scale

    def finish(self, weight):
        u = weight / self.scale
        inside = u.abs() <= self.largest
        slope = torch.where(inside, nearest(u, self.grid) - u, u.sign() * self.largest)
        size = 1 / math.sqrt(weight.numel() * self.largest)
        self.scale.grad = ((weight.grad * slope).sum() * size).view(1)
        weight.grad.mul_(inside)


def hadamard(n):
    h = torch.ones(1, 1)
    while len(h) < n:
        h = torch.cat([torch.cat([h, h], 1), torch.cat([h, -h], 1)])
    return h / math.sqrt(n)


class Quest:
    """QuEST (arXiv 2502.05003): rotated, clipped, rounded; the gradient where rounding moved it by half a step at most."""

    def __init__(self, word):
        self.microscaling = word == "mxfp4"
        self.matrix = hadamard(32 if self.microscaling else 128)
        self.bits, self.clip = (4, 2.513930578568423) if word == "int4" else (None, None)

    def rotate(self, x):
        return (x.reshape(-1, len(self.matrix)) @ self.matrix).view(x.shape)

    def round(self, x):
        if self.microscaling:
            groups = x.reshape(-1, 32)
            deviation = (groups - groups.mean(1, keepdim=True)).pow(2).mean(1, keepdim=True).sqrt()
            scale = 2.0 ** torch.floor(torch.log2(2.92247856 / 6 * deviation + 1e-8))
            u = groups / scale
            return (nearest(u, E2M1) * scale).view(x.shape), (u.abs() < 6).view(x.shape)
        rms = x.pow(2).mean(1, keepdim=True).sqrt()
        alpha = self.clip * rms + 1e-8
        step = 2 * alpha / (2 ** self.bits - 1)
        q = torch.round(torch.minimum(torch.maximum(x, -alpha), alpha) / step + 0.5) * step - step / 2
        return q, (q - x).abs() <= rms * self.clip / (2 ** self.bits - 1)

    def quantize(self, weight):
        return self.rotate(self.round(self.rotate(weight))[0])

    def finish(self, weight):
        trusted = self.round(self.rotate(weight))[1]
        weight.grad = self.rotate(self.rotate(weight.grad) * trusted)


class Dge:
    """f' of the scaled weight on the gradient (arXiv 2501.17116); the weight is quantized as its format does."""

    def __init__(self, options, power, cap):
        self.options, self.power, self.cap = options, power, cap

    def finish(self, weight):
        weight.grad.mul_(dge_slope(scaled_values(weight, self.options), self.power, self.cap))


def make(precision, scale):
    options = precision.operand("fprop", "weights").options
    if precision.estimator == "dge":
        return Dge(options, precision.dge_power, precision.dge_cap)
    if precision.estimator == "quest":
        return Quest(options["format"])
    if precision.estimator == "lsq":
        return Learned(GRIDS[options["format"]], scale)
    return None
