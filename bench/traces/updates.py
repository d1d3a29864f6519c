"""Single optimizers on made-up gradients: the numbers that tests/trainer/optimizer holds."""
import numpy as np
import torch

from muon import Muon
from small_states import KINDS, SmallStateAdamW

SIZE, STEPS, SHOWN = 512, 5, (0, 1, 77, 130, 255, 256, 400, 511)
RATE, BETAS, EPS, DECAY = 0.01, (0.9, 0.95), 1e-8, 0.1


def noise(count, step):
    """In [-1, 1), the same in any language."""
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + step * 2246822519) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return torch.from_numpy(x / 2.0 ** 31 - 1.0)


def small_states(kind):
    weight = (0.1 * noise(SIZE, 0)).float()
    sizes = 10.0 ** -(torch.arange(SIZE, dtype=torch.float64) % 4)
    adamw = SmallStateAdamW(kind, BETAS, EPS)
    for step in range(1, STEPS + 1):
        adamw.step(weight, (noise(SIZE, step) * sizes).float(), RATE, DECAY)
    return weight, adamw.m, adamw.v


def muon(rows, columns, parts, scale):
    spec = {"momentum": 0.95, "weight_decay": 0.1, "iterations": 5, "scale": scale, "dtype": "fp64"}
    weight, optimizer = 0.1 * noise(rows * columns, 0).view(rows, columns), Muon(spec, parts)
    for step in range(1, 4):
        optimizer.step(weight, noise(rows * columns, step).view(rows, columns), 0.02)
    return weight


def print_all():
    for name, kind in KINDS.items():
        w, m, v = small_states(kind)
        print(name, "w", ", ".join(f"{w[i].item():.9g}f" for i in SHOWN))
        print(name, "mean |m|, mean v", f"{m.abs().double().mean().item():.9g}, {v.double().mean().item():.9g}")
    for rows, columns, parts in ((6, 10, [6]), (10, 6, [10]), (12, 4, [4, 4, 4]), (16, 6, [8, 4, 4])):
        for scale in ("keller", "moonlight"):
            w = muon(rows, columns, parts, scale)
            picked = [w[0, 0], w[1, 1], w[-1, 0], w[-1, -1]]
            print("muon", rows, columns, parts, scale, ", ".join(f"{x.item():.9g}" for x in picked))
