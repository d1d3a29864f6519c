"""Held-out inputs: distributions, special values, extremes of scale and odd shapes. Every tensor has a name and a seed."""
import numpy as np

import arithmetic as ar

F = np.float32
EDGES = np.array([
    0.0, -0.0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 6.0, -0.25, -0.75, -1.25, -1.75, -2.5, -3.5, -5.0, -6.0, 7.0, 464.0,
    448.0, 1e-45, -1e-45, 1.1754944e-38, -1.1754942e-38, 0.29166667, 0.583333, 0.8333333, 0.4166667, 0.0859375, 0.20833333,
    0.00260417, -0.29166667, -0.0859375], F)


def neighbours(values):
    """Each value and the two floats beside it."""
    return np.concatenate([values, np.nextafter(values, F(np.inf)), np.nextafter(values, F(-np.inf))]).astype(F)


def ties(shape, rng):
    """Every tie of every element type, exactly, under an amax that leaves it exact; and its neighbours."""
    middles = [(t[1:].astype(np.float64) + t[:-1].astype(np.float64)) / 2 for t in (ar.E2M1, ar.E4M3, ar.E5M2)]
    middles += [np.arange(-7, 7) + 0.5, np.arange(-127, 127) + 0.5, ar.NF4_THRESHOLDS.astype(np.float64)]
    pool = neighbours(np.concatenate(middles).astype(F))
    x = rng.choice(pool, shape).astype(F)
    x *= rng.choice(np.array([1, -1, 1, 0.5, 2], F), shape)
    for position, top in enumerate((6.0, 448.0, 7.0, 127.0, 1.0, 57344.0)):
        x[position::6, ::16] = top
    return x


def sparse(shape, rng):
    """Zero blocks, negative zeros, single values."""
    x = np.where(rng.random(shape) < 0.01, rng.standard_normal(shape), 0).astype(F)
    x[::3] = 0
    x[1::7, ::2] = -0.0
    return x


def any_bits(shape, rng, finite):
    b = rng.integers(0, 2 ** 32, shape, np.uint32).view(F)
    return np.where(np.isfinite(b), b, F(0)) if finite else b


def log_uniform(shape, rng, low, high):
    return (np.sign(rng.standard_normal(shape)) * 10.0 ** rng.uniform(low, high, shape)).astype(F)


def with_poison(shape, rng):
    x = rng.standard_normal(shape).astype(F)
    flat = x.reshape(-1)
    chosen = rng.choice(flat.size, max(1, flat.size // 97), replace=False)
    flat[chosen] = rng.choice(np.array([np.nan, np.inf, -np.inf], F), len(chosen))
    return x


def outliers(shape, rng):
    x = rng.standard_normal(shape)
    return np.where(rng.random(shape) < 0.003, x * 1000, x).astype(F)


def edges(shape, rng):
    return rng.choice(neighbours(EDGES), shape).astype(F)


def constant(shape, value):
    return np.full(shape, value, F)


# The finite ones can be quantized by per-tensor formats without ending as NaN everywhere.
MAKERS = {
    "gaussian": lambda s, r: r.standard_normal(s).astype(F),
    "uniform": lambda s, r: r.uniform(-3, 3, s).astype(F),
    "student-t2": lambda s, r: r.standard_t(2, s).astype(F),
    "outliers": outliers,
    "ties": ties,
    "edges": edges,
    "sparse": sparse,
    "gradients-1e-5": lambda s, r: (r.standard_normal(s) * 3e-6).astype(F),
    "amax-1e-38": lambda s, r: (r.uniform(-1, 1, s) * 1e-38).astype(F),
    "subnormal": lambda s, r: (r.uniform(-1, 1, s) * 1e-39).astype(F),
    "smallest": lambda s, r: (r.integers(-3, 4, s) * 1.4e-45).astype(F),
    "amax-3e38": lambda s, r: (r.uniform(-1, 1, s) * 3.4e38).astype(F),
    "rows-of-scales": lambda s, r: (r.standard_normal(s) * 10.0 ** r.uniform(-40, 37, (s[0], 1))).astype(F),
    "log-uniform": lambda s, r: log_uniform(s, r, -44, 38),
    "log-uniform-6": lambda s, r: log_uniform(s, r, -6, 2),
    "any-finite-bits": lambda s, r: any_bits(s, r, True),
    "any-bits": lambda s, r: any_bits(s, r, False),
    "poison": with_poison,
    "zeros": lambda s, r: constant(s, 0.0),
    "negative-zeros": lambda s, r: constant(s, -0.0),
    "constant": lambda s, r: constant(s, 0.37),
    "largest": lambda s, r: constant(s, ar.FLT_MAX) * np.sign(r.standard_normal(s)).astype(F),
    "nan": lambda s, r: constant(s, np.nan),
    "one-inf": lambda s, r: np.where(np.arange(s[0] * s[1]).reshape(s) == (s[0] * s[1]) // 2, np.inf, r.standard_normal(s)).astype(F),
}
SHAPES = [(64, 256), (1, 1), (1, 2), (1, 31), (1, 4097), (33, 1), (17, 33), (16, 16), (31, 65), (5, 127), (3, 1027)]
ROTATABLE = [(64, 256), (1, 128), (33, 384)]


def make(name, shape, seed):
    kinds = list(MAKERS)
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(MAKERS[name](shape, np.random.default_rng([seed, kinds.index(name), *shape])), F)
