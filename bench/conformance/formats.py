"""Every format as its definition says, in numpy: quantize() gives what `fp4-quantize` must write."""
from dataclasses import dataclass

import numpy as np

import arithmetic as ar
import rotation
from arithmetic import F, FLT_MAX, NAN
from blocks import Blocks, pack4, pack_bits

DEFAULT_BLOCK = {
    "fp4": "64", "nf4": "64", "mxfp4": "1x32", "mxfp8": "1x32", "nvfp4": "1x16", "fp8_e4m3": "tensor",
    "fp8_e5m2": "tensor", "e2m1": "row", "int8": "row", "int4": "1x64", "ternary": "tensor", "binary": "row", "bf16": "none",
    "fp16": "none", "fp32": "none"}
FLAT_SIZES = ["32", "64", "128", "256", "512", "1024", "2048", "4096"]
BLOCKS = {
    "fp4": FLAT_SIZES, "nf4": FLAT_SIZES, "mxfp4": ["1x32"], "mxfp8": ["1x32"], "nvfp4": ["1x16", "16x16"],
    "fp8_e4m3": ["tensor", "row", "1x128", "none"], "fp8_e5m2": ["tensor", "row", "1x128", "none"],
    "e2m1": ["row", "tensor", "1x128"], "int8": ["row", "tensor", "1x32", "1x64", "1x128"], "int4": ["1x64", "1x16", "1x32", "1x128", "row"],
    "ternary": ["tensor"], "binary": ["row"], "bf16": ["none"], "fp16": ["none"], "fp32": ["none"]}


@dataclass(frozen=True)
class Options:
    block: str = ""
    scale_mode: str = ""
    four_over_six: str = ""
    double_quantization: bool = False
    stochastic: bool = False
    seed: int = 0
    headroom: float = 0.0
    prescale: float = 1.0
    hadamard: int = 0
    fixed_signs: bool = False

    def arguments(self):
        named = {"--block": self.block, "--scale-mode": self.scale_mode, "--four-over-six": self.four_over_six,
                 "--rounding": "stochastic" if self.stochastic else "", "--seed": str(self.seed) if self.seed else "",
                 "--headroom": repr(self.headroom) if self.headroom else "",
                 "--prescale": repr(self.prescale) if self.prescale != 1 else "",
                 "--hadamard": str(self.hadamard) if self.hadamard else "",
                 "--hadamard-signs": "fixed" if self.fixed_signs else ""}
        flags = ["--double-quantization"] if self.double_quantization else []
        return [part for name, value in named.items() if value for part in (name, value)] + flags


@dataclass
class Result:
    codes: bytes = b""
    scales: bytes = b""
    decoded: np.ndarray = None
    tensor_scale: object = None  # F or None
    extra_bytes: int = 0         # stored beside codes and scales
    reach: np.ndarray = None     # largest magnitude that each element's scale reaches; None: unbounded
    exact_reach: bool = False    # reach is exact: the scale is a power of two, or there is none
    encoded: np.ndarray = None   # what was encoded: the input, rotated where asked


def fp32_bytes(values):
    return np.asarray(values, "<f4").tobytes()


def with_headroom(amax, headroom):
    """A block's maximum times the headroom, at most FLT_MAX."""
    return np.minimum((amax * F(headroom or 1)).astype(F), FLT_MAX)


def double_quantize(absmax, poisoned):
    """bitsandbytes' nested statistics: 8-bit codes, fp32 scales of groups of 256, and the offset."""
    table = ar.dynamic_map()
    finite = absmax[~poisoned].astype(np.float64)
    offset = F(np.cumsum(finite)[-1] / len(finite)) if len(finite) else F(0)
    count = -(-len(absmax) // 256)
    codes, scales = np.zeros(len(absmax), np.uint8), np.zeros(count, F)
    decoded = np.zeros(len(absmax), F)
    for group in range(count):
        part = slice(group * 256, min((group + 1) * 256, len(absmax)))
        if poisoned[part].any():
            scales[group], decoded[part] = NAN, NAN
            continue
        difference = (absmax[part] - offset).astype(F)
        largest = np.abs(difference).max()
        scales[group] = largest
        inverse = F(1) / largest if largest > 0 else F(0)
        codes[part] = ar.encode_dynamic((difference * inverse).astype(F), table)
        decoded[part] = (table[codes[part]] * largest).astype(F) + offset
    return codes, scales, offset, decoded.astype(F)


def flat(x, blocks, name, options, u):
    amax, poisoned = blocks.amax(x), blocks.poisoned(x)
    amax = with_headroom(amax, options.headroom)
    inverse = np.where(amax > 0, F(1) / amax, F(0)).astype(F)
    scaled = (x * inverse[blocks.of]).astype(F)
    if name == "fp4":
        codes = ar.encode_fp4(x, scaled) if u is None else stochastic_fp4(x, scaled, u)
        levels = np.concatenate([ar.FP4_MAGNITUDES, -ar.FP4_MAGNITUDES])
    else:
        codes = ar.encode_nf4(scaled) if u is None else stochastic_nf4(scaled, u)
        levels = ar.NF4_LEVELS
    codes = np.where(poisoned[blocks.of], 0, codes).astype(np.uint8)
    result = Result(codes=pack4(codes, high_first=True))
    if options.double_quantization:
        q, group_scales, offset, kept = double_quantize(amax, poisoned)
        group = np.repeat(np.isnan(group_scales), 256)[:len(amax)]
        codes = np.where(group[blocks.of] & poisoned[blocks.of], 0, codes)
        result.scales = q.tobytes() + fp32_bytes(group_scales) + fp32_bytes(offset)
    else:
        kept = np.where(poisoned, NAN, amax)
        result.scales = fp32_bytes(kept)
    result.decoded = (levels[codes] * kept[blocks.of]).astype(F)
    result.reach = kept[blocks.of]
    return result


def stochastic_fp4(x, scaled, u):
    order = np.array([0, 1, 6, 7, 4, 5, 2, 3], np.uint8)
    scaled = np.where(np.isnan(scaled), F(0), np.abs(scaled))  # a NaN, which is 0 * (1/subnormal), exceeds nothing
    step = ar.stochastic_magnitudes(scaled, ar.FP4_MAGNITUDES[order], u)
    return (order[step] | np.where(x < 0, 8, 0)).astype(np.uint8)


def stochastic_nf4(scaled, u):
    levels = ar.NF4_LEVELS
    v = np.where(np.isnan(scaled), F(-1), np.clip(scaled, F(-1), F(1)))  # a NaN exceeds no level
    lower = np.clip(np.searchsorted(levels, v, side="right") - 1, 0, 14)
    fraction = ((v - levels[lower]) / (levels[lower + 1] - levels[lower])).astype(F)
    return (lower + (fraction > u)).astype(np.uint8)


def e8m0(amax, mode, emax, mantissa_bits, inverse_largest):
    b = ar.bits(amax).astype(np.int64)
    if mode == "rceil":
        b = ar.bits((amax * inverse_largest).astype(F)).astype(np.int64)
        exponent, mantissa = b >> 23, b & 0x7FFFFF
        up = np.where(exponent > 0, mantissa > 0, mantissa > 0x400000)
        out = exponent + up
    else:
        if mode == "even":
            b = (b + (1 << (22 - mantissa_bits))) & 0xFF800000
        out = (b >> 23) - emax + ((b & 0x7FFFFF) > 0 if mode == "ceil" else 0)
    return np.where(amax == 0, 0, np.clip(out, 0, 254)).astype(np.uint8)


def microscaling(x, blocks, name, options, u):
    four = name == "mxfp4"
    magnitudes, sign = (ar.E2M1, 8) if four else (ar.E4M3, 128)
    mode = options.scale_mode or ("ceil" if options.stochastic else "floor")
    amax, poisoned = blocks.amax(x), blocks.poisoned(x)
    amax = with_headroom(amax, options.headroom)
    scale = e8m0(amax, mode, 2 if four else 8, 1 if four else 3, F(1) / F(6) if four else F(1) / F(448))
    power = scale[blocks.of].astype(int) - 127
    scaled = ((x * F(options.prescale)).astype(F) * ar.power_of_two(-power)).astype(F)
    codes = np.where(poisoned[blocks.of], 0, ar.encode_minifloat(scaled, magnitudes, sign, u)).astype(np.uint8)
    value = (ar.decode_minifloat(codes, magnitudes, sign) * ar.power_of_two(power)).astype(F)
    value = (value * (F(1) / F(options.prescale))).astype(F)
    bad = poisoned[blocks.of]
    return Result(
        codes=pack4(codes, False) if four else codes.tobytes(),
        scales=np.where(poisoned, 255, scale).astype(np.uint8).tobytes(),
        decoded=np.where(bad, NAN, value).astype(F),
        reach=np.where(bad, NAN, magnitudes[-1] * ar.power_of_two(power) / F(options.prescale)).astype(F), exact_reach=True)


def nvfp4_try(x, blocks, amax, constants, times, u):
    """Codes, scale codes and decoded values for one choice of block scale (times 1 or 1.5)."""
    s_enc, decode_factor = constants
    wanted = (amax * (s_enc * (F(1) / F(6)))).astype(F)
    if times != 1:
        wanted = (wanted * F(times)).astype(F)
    scale_code = ar.round_to_magnitudes(np.minimum(wanted, F(448)), ar.E4M3)
    s = ar.E4M3[scale_code]
    enc = np.minimum(F(1) / (s * (F(1) / s_enc)).astype(F), FLT_MAX).astype(F)
    v = np.clip((x * enc[blocks.of]).astype(F), F(-6), F(6))
    codes = ar.encode_minifloat(v, ar.E2M1, 8, u)
    product = (ar.decode_minifloat(codes, ar.E2M1, 8) * s[blocks.of]).astype(F)
    return codes, scale_code, (product * decode_factor).astype(F)


def nvfp4(x, blocks, name, options, u):
    amax, poisoned = blocks.amax(x), blocks.poisoned(x)
    tensor_amax = amax.max()
    constant = F(6 * 256) if options.four_over_six else F(6 * 448)
    s_enc = F(1) if tensor_amax == 0 else np.minimum(constant / tensor_amax, FLT_MAX)
    constants = s_enc, F(tensor_amax / constant)
    amax = with_headroom(amax, options.headroom or (17 / 16 if options.stochastic else 1))
    codes, scale, decoded = nvfp4_try(x, blocks, amax, constants, 1, u)
    if options.four_over_six:
        other = nvfp4_try(x, blocks, amax, constants, 1.5, u)

        def error(values):
            difference = (values - x).astype(F)
            return blocks.sums((difference * difference).astype(F) if options.four_over_six == "mse" else np.abs(difference))
        better = error(other[2]) < error(decoded)
        each = better[blocks.of]
        codes, decoded = np.where(each, other[0], codes), np.where(each, other[2], decoded)
        scale = np.where(better, other[1], scale)
    bad = poisoned[blocks.of]
    codes = np.where(bad, 0, codes).astype(np.uint8)
    reach = ((F(6) * ar.E4M3[scale][blocks.of]).astype(F) * constants[1]).astype(F)
    return Result(codes=pack4(codes, False), scales=np.where(poisoned, 0x7F, scale).astype(np.uint8).tobytes(),
                  decoded=np.where(bad, NAN, decoded).astype(F), tensor_scale=tensor_amax, extra_bytes=4,
                  reach=np.where(bad, NAN, reach).astype(F))


def fp8(x, blocks, name, options, u):
    magnitudes = ar.E4M3 if name == "fp8_e4m3" else ar.E5M2
    nan_code = 0x7F
    if options.block == "none":
        codes = np.where(np.isnan(x), nan_code, ar.encode_minifloat(x, magnitudes, 128, u)).astype(np.uint8)
        decoded = np.where(np.isnan(x), NAN, ar.decode_minifloat(codes, magnitudes, 128)).astype(F)
        return Result(codes=codes.tobytes(), decoded=decoded, reach=np.full(len(x), magnitudes[-1], F), exact_reach=True)
    scale, scaled, bad, kept = divided(x, blocks, magnitudes[-1], options)
    codes = np.where(bad | (scale == 0)[blocks.of], 0, ar.encode_minifloat(scaled, magnitudes, 128, u)).astype(np.uint8)
    return Result(codes=codes.tobytes(), scales=fp32_bytes(kept),
                  decoded=(ar.decode_minifloat(codes, magnitudes, 128) * kept[blocks.of]).astype(F),
                  reach=(magnitudes[-1] * kept[blocks.of]).astype(F))


def divided(x, blocks, largest, options):
    amax, poisoned = blocks.amax(x), blocks.poisoned(x)
    amax = with_headroom(amax, options.headroom)
    scale = (amax / F(largest)).astype(F)
    safe = np.where(scale == 0, F(1), scale)
    return scale, (x / safe[blocks.of]).astype(F), poisoned[blocks.of], np.where(poisoned, NAN, scale).astype(F)


def integer(x, blocks, name, options, u):
    largest = 127 if name == "int8" else 7
    scale, scaled, bad, kept = divided(x, blocks, largest, options)
    if u is None:
        rounded = np.rint(scaled)
    else:
        magnitude = np.minimum(np.abs(scaled), F(largest))
        below = np.floor(magnitude)
        rounded = np.copysign(below + ((magnitude - below).astype(F) > u), scaled)
    q = np.clip(np.where(bad | (scale == 0)[blocks.of], 0, rounded), -largest, largest).astype(np.int8)
    raw = q.view(np.uint8)
    return Result(codes=raw.tobytes() if largest == 127 else pack4(raw & 15, False), scales=fp32_bytes(kept),
                  decoded=(q.astype(F) * kept[blocks.of]).astype(F), reach=(F(largest) * kept[blocks.of]).astype(F))


def e2m1(x, blocks, name, options, u):
    scale, scaled, bad, kept = divided(x, blocks, ar.E2M1[-1], options)
    codes = np.where(bad | (scale == 0)[blocks.of], 0, ar.encode_minifloat(scaled, ar.E2M1, 8, u)).astype(np.uint8)
    return Result(codes=pack4(codes, False), scales=fp32_bytes(kept),
                  decoded=(ar.decode_minifloat(codes, ar.E2M1, 8) * kept[blocks.of]).astype(F),
                  reach=(ar.E2M1[-1] * kept[blocks.of]).astype(F))


def ternary(x, blocks, name, options, u):
    mean = blocks.mean_magnitudes(x)[0]
    bad = not np.isfinite(x).all()
    divisor = np.maximum(mean, F(1e-5))
    q = np.clip(np.rint((np.where(np.isfinite(x), x, F(0)) / divisor).astype(F)), -1, 1) + F(0)  # no -0: codes are integers
    codes = np.zeros(len(x), np.uint8) if bad else (q + 1).astype(np.uint8)
    decoded = np.full(len(x), NAN, F) if bad else (q.astype(F) * divisor).astype(F)
    scale = NAN if bad else mean
    return Result(codes=pack_bits(codes, 2), scales=fp32_bytes(scale), decoded=decoded, tensor_scale=scale,
                  reach=np.full(len(x), NAN if bad else divisor, F))


def binary(x, blocks, name, options, u):
    mean = np.where(blocks.poisoned(x), NAN, blocks.mean_magnitudes(x)).astype(F)
    codes = np.where(blocks.poisoned(x)[blocks.of], 0, x < 0).astype(np.uint8)
    scale = mean[blocks.of]
    return Result(codes=pack_bits(codes, 1), scales=fp32_bytes(mean), decoded=np.where(codes == 1, -scale, scale).astype(F),
                  reach=scale)


def rounded(x, blocks, name, options, u):
    if name == "fp32":
        return Result(codes=fp32_bytes(x), decoded=x)
    if name == "bf16":
        codes = ar.round_bf16(x) if u is None else stochastic_bf16(x, rotation.words(len(x), options.seed))
        return Result(codes=codes.astype("<u2").tobytes(), decoded=(codes.astype(np.uint32) << 16).view(np.float32))
    codes = ar.round_fp16(x) if u is None else stochastic_fp16(x, u)
    return Result(codes=codes.astype("<u2").tobytes(), decoded=codes.view(np.float16).astype(F))


def stochastic_bf16(x, words):
    """Adds the upper 16 random bits below the bits that stay; what is finite stays finite."""
    b = ar.bits(x).astype(np.uint64)
    up = ((b + (words >> 16)) >> 16).astype(np.uint16)
    up = np.where((up & 0x7FFF) == 0x7F80, up - 1, up)
    return np.where(np.isnan(x), 0x7FC0, np.where(np.isinf(x), b >> 16, up)).astype(np.uint16)


def stochastic_fp16(x, u):
    code = ar.stochastic_magnitudes(np.abs(x), ar.FP16, u).astype(np.uint16) | np.where(ar.negative(x), 0x8000, 0)
    return np.where(np.isfinite(x), code, ar.round_fp16(x)).astype(np.uint16)


ENCODERS = {"fp4": flat, "nf4": flat, "mxfp4": microscaling, "mxfp8": microscaling, "nvfp4": nvfp4, "fp8_e4m3": fp8,
            "fp8_e5m2": fp8, "e2m1": e2m1, "int8": integer, "int4": integer, "ternary": ternary, "binary": binary, "bf16": rounded,
            "fp16": rounded, "fp32": rounded}


def rotate(x, shape, options, inverse=False):
    n = options.hadamard
    signs = rotation.fixed_signs(shape[1]) if options.fixed_signs else rotation.signs(shape[1], options.seed, n)
    groups = x.reshape(shape)
    if not inverse:
        groups = (groups * signs).astype(F)
    groups = (rotation.butterfly(groups.reshape(-1, n), n) * rotation.factor(n)).astype(F).reshape(shape)
    out = ((groups * signs) if inverse else groups).astype(F).reshape(-1)
    return np.where(np.isnan(out), NAN, out).astype(F)


def quantize(values, name, options):
    """values: (rows, columns) float32."""
    shape = values.shape
    x = values.reshape(-1).astype(F)
    block = options.block or DEFAULT_BLOCK[name]
    options = Options(**{**options.__dict__, "block": block})
    assert options.prescale == 1 or name in ("mxfp4", "mxfp8"), "prescale is defined here for E8M0 scales only"
    with np.errstate(all="ignore"):
        if options.hadamard:
            x = rotate(x, shape, options)
        u = rotation.uniforms(len(x), options.seed) if options.stochastic else None
        result = ENCODERS[name](x, Blocks(shape, block, name in ("fp4", "nf4")), name, options, u)
        result.encoded = x
        if options.hadamard:
            result.decoded = rotate(result.decoded, shape, options, inverse=True)
    return result
