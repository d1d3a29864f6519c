"""Holds fp4-quantize to torchao, on the CPU, format by format.

Equal to the byte: mxfp4 and mxfp8 in the modes floor, even and ceil; fp8 scales and codes; integer scales.
Counted, because torchao computes something else there:
  rceil   torchao takes ceil(log2(amax / largest)) in floating point outside of its compiled CUDA path; ours is the integer
          form of the hardware's instruction
  nvfp4   torchao's scale is (amax / 6) / (amax_tensor / 2688), clamped from below; ours is Transformer Engine's product of
          rounded reciprocals: neighbours in E4M3 where that rounds differently, and nothing else
  int     torchao multiplies by a rounded reciprocal, ours divides: neighbours where x / s lies within an ulp of a tie
Usage: check_torchao.py [--tool build/bin/fp4-quantize]"""
import argparse
import sys
import tempfile

import numpy as np
import torch
import torchao
from torchao.prototype.mx_formats.config import ScaleCalculationMode
from torchao.prototype.mx_formats.mx_tensor import to_mx
from torchao.prototype.mx_formats.nvfp4_tensor import nvfp4_quantize, per_tensor_amax_to_scale
from torchao.quantization.quant_primitives import (
    MappingType, _choose_scale_float8, _quantize_affine_float8, choose_qparams_affine, quantize_affine)

import tensors
from formats import Options
from tool import Tool

KINDS = ["gaussian", "uniform", "student-t2", "outliers", "ties", "gradients-1e-5", "log-uniform-6"]
SHAPE = (256, 512)
MODES = {"floor": ScaleCalculationMode.FLOOR, "rceil": ScaleCalculationMode.RCEIL, "even": ScaleCalculationMode.EVEN,
         "ceil": ScaleCalculationMode.CEIL}


def raw(tensor):
    return tensor.contiguous().view(torch.uint8).cpu().numpy().reshape(-1)


class Comparison:
    def __init__(self, what, exact):
        self.what, self.exact = what, exact
        self.codes = self.scales = self.code_total = self.scale_total = self.far = 0

    def add(self, codes, their_codes, scales, their_scales, far=0):
        self.codes += int((codes != their_codes).sum())
        self.scales += int((scales != their_scales).sum())
        self.code_total += len(codes)
        self.scale_total += len(scales)
        self.far += far

    def report(self):
        print(f"{self.what}: {self.scales} of {self.scale_total} scales and {self.codes} of {self.code_total} bytes of codes "
              f"differ{'' if self.exact else f', {self.far} without a reason'}")
        return (self.codes == self.scales == 0) if self.exact else self.far == 0


def ours(tool, values, name, options):
    written, why = tool.run(values, name, options)
    if written is None:
        raise SystemExit(f"{name}: {why}")
    return np.frombuffer(written["codes"], np.uint8), written["scales"]


def microscaling(tool, name, mode):
    result = Comparison(f"{name} {mode}", exact=mode != "rceil")
    dtype = torch.float4_e2m1fn_x2 if name == "mxfp4" else torch.float8_e4m3fn
    for kind in KINDS:
        values = tensors.make(kind, SHAPE, 11)
        scales, codes = to_mx(torch.from_numpy(values), dtype, 32, MODES[mode])
        mine, my_scales = ours(tool, values, name, Options(scale_mode=mode))
        my_scales, scales, codes = np.frombuffer(my_scales, np.uint8), raw(scales), raw(codes)
        same = np.repeat(my_scales == scales, len(mine) // len(my_scales))
        # With another scale the codes are others: only those under equal scales count as unexplained.
        far = int(((mine != codes) & same).sum()) + int((np.abs(my_scales.astype(int) - scales) > 1).sum())
        result.add(mine, codes, my_scales, scales, far)
    return result.report()


def nvfp4(tool):
    result = Comparison("nvfp4 1x16", exact=False)
    for kind in KINDS:
        values = tensors.make(kind, SHAPE, 12)
        tensor = torch.from_numpy(values)
        scale = per_tensor_amax_to_scale(tensor.abs().max())
        scales, codes = nvfp4_quantize(tensor, per_tensor_scale=scale)
        mine, my_scales = ours(tool, values, "nvfp4", Options())
        my_scales, scales, codes = np.frombuffer(my_scales, np.uint8), raw(scales), raw(codes)
        floor = scales == 8  # E4M3_EPS, torchao's smallest scale, which ours goes below
        far = int((np.abs(my_scales.astype(int) - scales)[~floor] > 1).sum()) + int((my_scales[floor] > 8).sum())
        same = np.repeat(my_scales == scales, 8)
        low = np.abs((mine & 7).astype(int) - (codes & 7))
        high = np.abs((mine >> 4 & 7).astype(int) - (codes >> 4 & 7))
        far += int((same & ((low > 1) | (high > 1))).sum())
        result.add(mine, codes, my_scales, scales, far)
    return result.report()


def float8(tool, name, block):
    result = Comparison(f"{name} {block}", exact=True)
    dtype = torch.float8_e4m3fn if name == "fp8_e4m3" else torch.float8_e5m2
    sizes = {"tensor": list(SHAPE), "row": [1, SHAPE[1]], "1x128": [1, 128]}[block]
    for kind in KINDS:
        values = tensors.make(kind, SHAPE, 13)
        tensor = torch.from_numpy(values)
        scale = _choose_scale_float8(tensor, sizes, dtype)
        codes = _quantize_affine_float8(tensor, scale, dtype)
        mine, my_scales = ours(tool, values, name, Options(block=block))
        result.add(mine, raw(codes), np.frombuffer(my_scales, "<u4"), scale.numpy().reshape(-1).view(np.uint32))
    return result.report()


def integer(tool, name, block):
    result = Comparison(f"{name} {block}", exact=False)
    largest = 127 if name == "int8" else 7
    group = SHAPE[1] if block == "row" else int(block[2:])
    for kind in KINDS:
        values = tensors.make(kind, SHAPE, 14)
        tensor = torch.from_numpy(values)
        scale, zero = choose_qparams_affine(tensor, MappingType.SYMMETRIC, (1, group), torch.int8, -largest, largest)
        codes = quantize_affine(tensor, (1, group), scale, zero, torch.int8, -largest, largest)
        mine, my_scales = ours(tool, values, name, Options(block=block))
        q = mine.view(np.int8) if largest == 127 else nibbles(mine)
        theirs = codes.numpy().reshape(-1)
        position = values.reshape(-1).astype(np.float64) / np.repeat(scale.numpy().reshape(-1).astype(np.float64), group)
        tie = np.abs(position - np.floor(position) - 0.5) < 1e-6 * np.maximum(1, np.abs(position))
        far = int(((q != theirs) & ~(tie & (np.abs(q.astype(int) - theirs) == 1))).sum())
        result.add(q, theirs, np.frombuffer(my_scales, "<u4"), scale.numpy().reshape(-1).view(np.uint32), far)
    return result.report() and result.scales == 0


def nibbles(packed):
    q = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1).astype(np.int8)
    return np.where(q > 7, q - 16, q).astype(np.int8)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="build/bin/fp4-quantize")
    arguments = parser.parse_args()
    print(f"torchao {torchao.__version__}, torch {torch.__version__}, backend: cpu, eager")
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(arguments.tool, folder)
        good = [microscaling(tool, name, mode) for name in ("mxfp4", "mxfp8") for mode in MODES]
        good.append(nvfp4(tool))
        good += [float8(tool, name, block) for name in ("fp8_e4m3", "fp8_e5m2") for block in ("tensor", "row", "1x128")]
        good += [integer(tool, "int8", block) for block in ("row", "1x64")]
        good += [integer(tool, "int4", block) for block in ("1x64", "1x16", "1x128", "row")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
