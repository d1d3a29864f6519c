#!/usr/bin/env python3
"""Small optimizers, to check fp4-train's against: AdamW with 8-bit, 4-bit and fp8 moments, Muon in both scalings.

Written from the published definitions, not from the C++ (torchao's low-bit optimizers, bitsandbytes' dynamic maps,
Keller Jordan's Muon), in plain Python: fp32 by rounding after each operation, matrices in fp64. Prints the numbers that
tests/trainer/optimizer/adamw_kernel_test.cc and muon_test.cc hold. Needs nothing but Python.

  python3 bench/optimizer_trace.py
"""
import bisect
import math
import struct

SIZE, STEPS, SHOWN = 512, 5, (0, 1, 77, 130, 255, 256, 400, 511)
RATE, BETA1, BETA2, EPS, DECAY = 0.01, 0.9, 0.95, 1e-8, 0.1


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def noise(i, step):
    """In [-1, 1), the same in any language."""
    x = (i * 2654435761 + step * 2246822519) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return x / 2.0**31 - 1.0


def weight(i):
    return f32(0.1 * noise(i, 0))


def gradient(i, step):
    return f32(noise(i, step) * 10.0 ** -(i % 4))


# --- moments in few bits -------------------------------------------------------------------------

def dynamic_map(signed):
    values = [0.0, 1.0]
    for exponent in range(7):
        parts = 2**exponent if signed else 2**(exponent + 1)
        step = f32((f32(1.0) - f32(0.1)) / parts)
        # torch.linspace counts from both ends.
        edges = [f32(step * i + f32(0.1)) if i < (parts + 1) // 2 else f32(1.0 - step * (parts - i))
                 for i in range(parts + 1)]
        for low, high in zip(edges, edges[1:]):
            value = f32(f32(10.0**(exponent - 6)) * f32(f32(low + high) / 2))
            values += [value, -value] if signed else [value]
    return sorted(values)


FOUR = [0.0055, 0.0325, 0.0775, 0.2125, 0.4375, 0.6625, 0.8875]
E4M3 = [m * 2.0**-9 if e == 0 else (8 + m) * 2.0**(e - 10) for e in range(16) for m in range(8)][:-1]
MAPS = {  # block, what amax is divided by, values of m, values of v
    "8bit": (256, 1.0, dynamic_map(True), dynamic_map(False)),
    "4bit": (128, 1.0, sorted([f32(x) for x in FOUR] + [-f32(x) for x in FOUR] + [0.0, 1.0]),
             [i / 16 for i in range(1, 17)]),
    "fp8": (256, 448.0, sorted({-x for x in E4M3} | set(E4M3)), sorted({-x for x in E4M3} | set(E4M3))),
}


def nearest(values, x, even_ties):
    above = bisect.bisect_left(values, x)
    if above < len(values) and values[above] == x:
        return x
    if above == 0:
        return values[0]
    if above == len(values):
        return values[-1]
    down, up = values[above - 1], values[above]
    middle = (down + up) / 2
    if x == middle and even_ties:
        return up if E4M3.index(abs(up)) % 2 == 0 else down
    return up if f32(x - down) >= f32(f32(up - down) * 0.5) else down


def keep(moment, block, divisor, values):
    kept = []
    for begin in range(0, SIZE, block):
        part = moment[begin:begin + block]
        scale = f32(max(max(abs(x) for x in part), f32(1e-12)) / divisor)
        kept += [f32(nearest(values, f32(x / scale), divisor != 1.0) * scale) for x in part]
    return kept


def lerp(a, b, t):
    return f32(a + f32(f32(b - a) * f32(t)))


def adamw(states):
    block, divisor, first_map, second_map = MAPS[states]
    w = [weight(i) for i in range(SIZE)]
    m, v = [0.0] * SIZE, [0.0] * SIZE
    for step in range(1, STEPS + 1):
        correction1, correction2 = 1 - BETA1**step, math.sqrt(1 - BETA2**step)
        for i in range(SIZE):
            g = gradient(i, step)
            w[i] = f32(w[i] - f32(f32(RATE * DECAY) * w[i]))
            m[i] = lerp(m[i], g, 1 - BETA1)
            v[i] = lerp(v[i], f32(g * g), 1 - BETA2)
            denominator = f32(f32(f32(math.sqrt(v[i])) / f32(correction2)) + f32(EPS))
            w[i] = f32(w[i] - f32(f32(f32(RATE) * f32(m[i] / f32(correction1))) / denominator))
        m, v = keep(m, block, divisor, first_map), keep(v, block, divisor, second_map)
    return w, m, v


# --- Muon ----------------------------------------------------------------------------------------

def multiply(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def transpose(a):
    return [list(row) for row in zip(*a)]


def combine(x, a, y, b):
    return [[x * p + y * q for p, q in zip(row_a, row_b)] for row_a, row_b in zip(a, b)]


def orthogonal(g, iterations=5):
    tall = len(g) > len(g[0])
    x = transpose(g) if tall else g
    norm = math.sqrt(sum(value * value for row in x for value in row)) + 1e-7
    x = [[value / norm for value in row] for row in x]
    for _ in range(iterations):
        a = multiply(x, transpose(x))
        b = combine(-4.7750, a, 2.0315, multiply(a, a))
        x = combine(3.4445, x, 1.0, multiply(b, x))
    return transpose(x) if tall else x


def muon(rows, columns, parts, scale, rate=0.02, beta=0.95, decay=0.1, steps=3):
    at = lambda r, c: r * columns + c
    w = [[0.1 * noise(at(r, c), 0) for c in range(columns)] for r in range(rows)]
    momentum = [[0.0] * columns for _ in range(rows)]
    for step in range(1, steps + 1):
        g = [[noise(at(r, c), step) for c in range(columns)] for r in range(rows)]
        momentum = combine(beta, momentum, 1 - beta, g)
        update = combine(1 - beta, g, beta, momentum)
        w = [[value * (1 - rate * decay) for value in row] for row in w]
        begin = 0
        for part in parts:
            factor = math.sqrt(max(1, part / columns)) if scale == "keller" else 0.2 * math.sqrt(max(part, columns))
            w[begin:begin + part] = combine(1, w[begin:begin + part], -rate * factor, orthogonal(update[begin:begin + part]))
            begin += part
    return w


def main():
    for states in MAPS:
        w, m, v = adamw(states)
        print(states, "w", ", ".join(f"{w[i]:.9g}f" for i in SHOWN))
        print(states, "mean |m|, mean v", f"{sum(map(abs, m)) / SIZE:.9g}, {sum(v) / SIZE:.9g}")
    for rows, columns, parts in ((6, 10, [6]), (10, 6, [10]), (12, 4, [4, 4, 4]), (16, 6, [8, 4, 4])):
        for scale in ("keller", "moonlight"):
            w = [value for row in muon(rows, columns, parts, scale) for value in row]
            picked = [w[0], w[columns + 1], w[-columns], w[-1]]
            print("muon", rows, columns, parts, scale, ", ".join(f"{x:.9g}" for x in picked))


if __name__ == "__main__":
    main()
