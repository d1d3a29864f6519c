"""Element encodings and fp32 arithmetic, written from the definitions alone: nothing here is taken from numerics/.

Every array is float32 and every operation rounds once, so that a byte that differs is a difference of definition."""
import math
from fractions import Fraction

import numpy as np

F = np.float32
FLT_MAX = np.finfo(np.float32).max
NAN = np.array([0x7FC00000], np.uint32).view(np.float32)[0]

FP4_MAGNITUDES = np.array([0, 0.005208333333, 0.66666667, 1.0, 0.33333333, 0.5, 0.16666667, 0.25], F)
NF4_LEVELS = np.array([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0], F)
NF4_THRESHOLDS = np.array([
    -0.8480964004993439, -0.6106329262256622, -0.4599952697753906, -0.33967943489551544, -0.23460740596055984,
    -0.13791173323988914, -0.045525018125772476, 0.03979014977812767, 0.1202552504837513, 0.2035212516784668,
    0.2920137718319893, 0.3893125355243683, 0.5016634166240692, 0.6427869200706482, 0.8614784178118011], F)


def bits(x):
    return np.asarray(x, F).view(np.uint32)


def minifloat_magnitudes(exponent_bits, mantissa_bits, largest):
    """The non-negative values of a small float, ascending: their index is their code."""
    bias = 2 ** (exponent_bits - 1) - 1
    values = []
    for code in range(2 ** (exponent_bits + mantissa_bits)):
        exponent, mantissa = divmod(code, 2 ** mantissa_bits)
        if exponent == 0:
            value = math.ldexp(mantissa, 1 - bias - mantissa_bits)
        else:
            value = math.ldexp(2 ** mantissa_bits + mantissa, exponent - bias - mantissa_bits)
        if value > largest:
            break
        values.append(value)
    return np.array(values, F)


E2M1 = minifloat_magnitudes(2, 1, 6)
E4M3 = minifloat_magnitudes(4, 3, 448)
E5M2 = minifloat_magnitudes(5, 2, 57344)
FP16 = minifloat_magnitudes(5, 10, 65504)


def negative(x):
    return (bits(x) >> 31).astype(bool)


def round_to_magnitudes(a, magnitudes):
    """The index of the magnitude nearest to a (a >= 0), ties to the even index; a beyond the last one saturates."""
    middles = ((magnitudes[1:].astype(np.float64) + magnitudes[:-1].astype(np.float64)) / 2).astype(F)  # all exact
    a = np.asarray(a, F)
    above, reached = np.searchsorted(middles, a, side="left"), np.searchsorted(middles, a, side="right")
    # On a middle, `above` is the lower index and `reached` the upper one.
    return np.where(above % 2 == 0, above, reached).astype(np.uint8)


def stochastic_magnitudes(a, magnitudes, u):
    """The upper neighbour when the fraction of the gap exceeds u."""
    a = np.minimum(np.asarray(a, F), magnitudes[-1])
    lower = np.clip(np.searchsorted(magnitudes, a, side="right") - 1, 0, len(magnitudes) - 2)
    low, high = magnitudes[lower], magnitudes[lower + 1]
    fraction = ((a - low) / (high - low)).astype(F)
    return (lower + (fraction > u)).astype(np.uint16 if len(magnitudes) > 256 else np.uint8)


def encode_minifloat(v, magnitudes, sign_bit, u=None):
    a = np.abs(np.asarray(v, F))
    code = round_to_magnitudes(a, magnitudes) if u is None else stochastic_magnitudes(a, magnitudes, u)
    return code | np.where(negative(v), sign_bit, 0).astype(np.uint8)


def decode_minifloat(code, magnitudes, sign_bit):
    code = np.asarray(code)
    magnitude = magnitudes[np.minimum(code & (sign_bit - 1), len(magnitudes) - 1)]
    return np.where(code & sign_bit, -magnitude, magnitude).astype(F)


def encode_fp4(x, scaled):
    """bitsandbytes FP4: x the element, scaled = x * (1/absmax)."""
    a = np.abs(scaled)
    t = [F(v) for v in (0.29166667, 0.583333, 0.8333333, 0.4166667, 0.0859375, 0.20833333, 0.00260417)]
    code = np.where(
        a > t[0], np.where(a > t[1], np.where(a > t[2], 3, 2), np.where(a > t[3], 5, 4)),
        np.where(a > t[4], np.where(a > t[5], 7, 6), np.where(a > t[6], 1, 0)))
    return (code | np.where(x < 0, 8, 0)).astype(np.uint8)


def encode_nf4(scaled):
    return (np.asarray(scaled, F)[:, None] > NF4_THRESHOLDS[None, :]).sum(axis=1).astype(np.uint8)


def round_bf16(x):
    """To bf16 bits, ties to even; NaN becomes 0x7FC0."""
    b = bits(x).astype(np.uint64)
    rounded = ((b + 0x7FFF + ((b >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)


def round_fp16(x):
    with np.errstate(over="ignore"):
        return np.where(np.isnan(x), 0x7E00, np.asarray(x, F).astype(np.float16).view(np.uint16)).astype(np.uint16)


def power_of_two(exponent):
    """2^exponent in fp32 for exponents from -149 to 127."""
    return np.ldexp(F(1), np.asarray(exponent, np.int32)).astype(F)


def to_float32(value):
    """A Fraction rounded once to fp32 (normal range, ties to even)."""
    if value == 0:
        return F(0)
    exponent = math.floor(math.log2(abs(value))) - 23
    while abs(value) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    while abs(value) < Fraction(2) ** (exponent + 23):
        exponent -= 1
    return F(math.ldexp(round(value / Fraction(2) ** exponent), exponent))  # round() of a Fraction: ties to even


def dynamic_map():
    """The signed 8-bit dynamic map of bitsandbytes (create_dynamic_map), in fp32 as torch computes it."""
    values = [F(0), F(1)]
    for e in range(7):
        steps = 2 ** e + 1
        start, end = F(0.1), F(1)
        step = F((end - start) / F(steps - 1))
        exact = [Fraction(float(start)) + Fraction(float(step)) * i if i < steps // 2
                 else Fraction(float(end)) - Fraction(float(step)) * (steps - 1 - i) for i in range(steps)]
        boundaries = np.array([to_float32(value) for value in exact], F)
        means = ((boundaries[:-1] + boundaries[1:]) / F(2)).astype(F)
        scaled = (F(10.0 ** (e - 6)) * means).astype(F)
        values += list(scaled) + list(-scaled)
    return np.sort(np.array(values, F))


def encode_dynamic(x, table):
    """Nearest entry; a value on the rounded middle of two goes to the even code."""
    middles = ((table[1:] + table[:-1]) * F(0.5)).astype(F)
    above, reached = np.searchsorted(middles, x, side="left"), np.searchsorted(middles, x, side="right")
    code = np.where(above % 2 == 0, above, reached)
    return np.where(np.isnan(x), 0, code).astype(np.uint8)  # a NaN, which is 0 * (1/subnormal), exceeds nothing
