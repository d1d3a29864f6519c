"""Philox4x32-10, the uniform numbers of stochastic rounding, and the random Hadamard transform (docs/formats.md)."""
import math

import numpy as np

F = np.float32
MASK = (1 << 64) - 1


def splitmix_finalizer(z):
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def philox(counter_low, counter_high, key):
    """Four words for each pair of 64-bit counters; after Salmon et al. 2011."""
    c = [(counter_low & 0xFFFFFFFF), counter_low >> 32, (counter_high & 0xFFFFFFFF), counter_high >> 32]
    c = [np.asarray(word, np.uint64) * np.ones(1, np.uint64) for word in np.broadcast_arrays(*c)]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0 = c[0] * np.uint64(0xD2511F53)
        p1 = c[2] * np.uint64(0xCD9E8D57)
        low = np.uint64(0xFFFFFFFF)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1).astype(np.uint32)


def key(seed, stream=0):
    return splitmix_finalizer(seed + 0x9E3779B97F4A7C15) ^ splitmix_finalizer(stream)


def words(count, seed, stream=0, step=0):
    groups = np.arange(-(-count // 4), dtype=np.uint64)
    return philox(groups, np.uint64(step), key(seed, stream)).reshape(-1)[:count]


def uniforms(count, seed, stream=0, step=0):
    return (words(count, seed, stream, step) >> 8).astype(F) * F(2.0 ** -24)


def butterfly(x, n):
    """x (m, n) times Sylvester's H_n, by sums and differences at distance 1, 2, 4, …"""
    distance = 1
    while distance < n:
        pairs = x.reshape(len(x), -1, 2, distance)
        x = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2).reshape(len(x), n)
        distance *= 2
    return x.astype(F)


def factor(n):
    return F(1.0 / math.sqrt(n))


def signs(columns, seed, n, step=0):
    """The signs of one group, repeated over the columns: bit i mod 32 of word 0 at counter (i div 32, step)."""
    words32 = philox(np.arange(-(-n // 32), dtype=np.uint64), np.uint64(step), splitmix_finalizer(seed) ^ 0x48414441)[:, 0]
    index = np.arange(n)
    one_group = np.where((words32[index // 32] >> (index % 32)) & 1, F(-1), F(1)).astype(F)
    return np.tile(one_group, columns // n)


def fixed_signs(columns):
    """The sixteen of NVIDIA's Transformer Engine."""
    return np.tile(np.array([F(1) if sign == "+" else F(-1) for sign in "+++-+------+-+--"], F), columns // 16)
