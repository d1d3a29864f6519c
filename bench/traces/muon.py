"""Muon as Keller Jordan's reference has it, with Moonlight's scale too."""
import math

import torch


def orthogonal(update, iterations, dtype):
    x = update.to(dtype)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        a = x @ x.T
        b = -4.7750 * a + 2.0315 * a @ a
        x = 3.4445 * x + b @ x
    return (x.T if tall else x).to(update.dtype)


def scale_of(scale, rows, columns):
    return math.sqrt(max(1, rows / columns)) if scale == "keller" else 0.2 * math.sqrt(max(rows, columns))


class Muon:
    """Of one matrix; `parts`: the rows of the matrices that it stacks."""

    def __init__(self, spec, parts):
        self.spec, self.parts = spec, parts
        self.momentum = None

    def step(self, weight, gradient, rate):
        beta = self.spec["momentum"]
        if self.momentum is None:
            self.momentum = torch.zeros_like(gradient)
        self.momentum = beta * self.momentum + (1 - beta) * gradient
        update = (1 - beta) * gradient + beta * self.momentum
        weight *= 1 - rate * self.spec["weight_decay"]
        dtype = torch.bfloat16 if self.spec["dtype"] == "bf16" else weight.dtype
        for part, direction in zip(weight.split(self.parts), update.split(self.parts)):
            size = rate * scale_of(self.spec["scale"], *part.shape)
            part -= size * orthogonal(direction, self.spec["iterations"], dtype)
