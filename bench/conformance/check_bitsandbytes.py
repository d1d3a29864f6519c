"""Holds fp4-quantize to bitsandbytes: every block size of fp4 and nf4, plain and with double quantization.

On a CPU, bitsandbytes' own kernel is not the one that defines the formats (that is CUDA's), so what differs is counted
by its reason, and anything without one is an error:
  tie      the value lies on a threshold, or between the kernel's constant and the rounded middle that the CPU path uses
  zero     code 0 against code 8: +0 and -0
  tail     in a short last block, which the CPU path divides by its absmax instead of multiplying by the reciprocal
Usage: check_bitsandbytes.py [--tool build/bin/fp4-quantize] [--device cpu]"""
import argparse
import collections
import sys
import tempfile

import bitsandbytes as bnb
import numpy as np
import torch
from bitsandbytes import functional as bnb_f

import arithmetic as ar
import formats
from formats import Options
from tool import Tool

FP4_ORDER = np.array([0, 1, 6, 7, 4, 5, 2, 3])
FP4_THRESHOLDS = np.array([0.00260417, 0.0859375, 0.20833333, 0.29166667, 0.4166667, 0.583333, 0.8333333], np.float32)


def unpack(packed, count):
    packed = np.frombuffer(packed, np.uint8)
    return np.stack([packed >> 4, packed & 15], axis=1).reshape(-1)[:count]


def backend(device):
    if device != "cpu":
        return f"{device}, {torch.cuda.get_device_name()}"
    native = not type(bnb.cextension.lib).__name__.startswith("ErrorHandler")
    return f"cpu ({'with' if native else 'without'} its native library; quantize_4bit runs in PyTorch)"


def near_threshold(name, scaled):
    """Within 4 ulp of a threshold: the constants of the two paths are that close."""
    if name == "fp4":
        scaled, thresholds = np.abs(scaled), FP4_THRESHOLDS
    else:
        thresholds = ar.NF4_THRESHOLDS
    distance = np.abs(scaled[:, None].astype(np.float64) - thresholds[None].astype(np.float64)).min(axis=1)
    return distance <= 4 * np.spacing(np.abs(scaled))


def reasons(name, values, block, ours, theirs):
    flat = values.reshape(-1)
    at = np.flatnonzero(ours != theirs)
    counts = collections.Counter()
    full = len(flat) // block * block
    amax = np.array([np.abs(flat[i // block * block:(i // block + 1) * block]).max() for i in at], np.float32)
    scaled = flat[at] * (np.float32(1) / amax)
    zero = (name == "fp4") & ((ours[at] & 7) == 0) & ((theirs[at] & 7) == 0)
    tie = ~zero & near_threshold(name, scaled)
    tail = ~zero & ~tie & (at >= full) & (np.abs(ours[at].astype(int) - theirs[at]) <= 1)
    counts.update(zero=int(zero.sum()), tie=int(tie.sum()), tail=int(tail.sum()),
                  unexplained=int((~zero & ~tie & ~tail).sum()))
    return counts


def compare_plain(tool, name, block, values, device):
    packed, state = bnb_f.quantize_4bit(torch.from_numpy(values).to(device), blocksize=block, quant_type=name)
    written, _ = tool.run(values, name, Options(block=str(block)))
    ours, theirs = unpack(written["codes"], values.size), unpack(packed.cpu().numpy().tobytes(), values.size)
    scales_equal = written["scales"] == state.absmax.cpu().numpy().astype("<f4").tobytes()
    counts = reasons(name, values, block, ours, theirs)
    print(f"{name} {block}: {int((ours != theirs).sum())} of {values.size} codes differ "
          f"({', '.join(f'{v} {k}' for k, v in counts.items())}); scales {'equal' if scales_equal else 'DIFFER'}")
    return counts["unexplained"] == 0 and scales_equal


def compare_nested(tool, name, block, values, device):
    """Their offset is a float32 mean in torch's order, ours a sum in double; and their CPU kernel finds 8-bit codes in a
    table of 65,536 entries, so its value may be farther from the scale than the nearest one, by up to 2/65536."""
    _, state = bnb_f.quantize_4bit(
        torch.from_numpy(values).to(device), blocksize=block, quant_type=name, compress_statistics=True)
    written, figures = tool.run(values, name, Options(block=str(block), double_quantization=True))
    count = -(-values.size // block)
    groups = -(-count // 256)
    q, their_q = np.frombuffer(written["scales"][:count], np.uint8), state.absmax.cpu().numpy()
    scales = np.frombuffer(written["scales"][count:count + 4 * groups], "<f4")
    offset, their_offset = np.frombuffer(written["scales"][count + 4 * groups:], "<f4")[0], np.float32(state.offset.item())
    off = abs(float(offset) - float(their_offset)) / float(offset)
    scales_off = float((np.abs(scales - state.state2.absmax.cpu().numpy()) / scales).max())
    differ = q != their_q
    amax = np.abs(np.append(values.reshape(-1), np.zeros(-values.size % block, np.float32)).reshape(-1, block)).max(axis=1)
    x = (amax - offset) / scales[np.arange(count) // 256]
    table = ar.dynamic_map()
    worse = np.abs(x - table[their_q]) - np.abs(x - table[q])
    explained = worse <= 2.1 / 65536
    print(f"{name} {block} double: {int(differ.sum())} of {count} 8-bit scales differ ({int((differ & ~explained).sum())} "
          f"unexplained), offset by {off:.1e}, group scales by {scales_off:.1e}; {figures['bits_per_value']:.4f} bits")
    return off < 1e-6 and scales_off < 1e-5 and not (differ & ~explained).any()


def check_map():
    theirs = bnb_f.create_dynamic_map().numpy()
    different = int((theirs != ar.dynamic_map()).sum())
    print(f"dynamic map: {different} of 256 values differ (torch without fused multiply-add: 42)")
    return different in (0, 42)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="build/bin/fp4-quantize")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print(f"bitsandbytes {bnb.__version__}, torch {torch.__version__}, backend: {backend(arguments.device)}")
    good = check_map()
    random = np.random.default_rng(2026)
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(arguments.tool, folder)
        for name in ("fp4", "nf4"):
            for block in map(int, formats.FLAT_SIZES):
                for shape in ((1024, 1024), (33, 1027)):
                    values = random.standard_normal(shape).astype(np.float32)
                    good &= compare_plain(tool, name, block, values, arguments.device)
                good &= compare_nested(tool, name, block, random.standard_normal((1024, 1024)).astype(np.float32), arguments.device)
            ties = ties_of(name, random)
            good &= compare_plain(tool, name, 64, ties, arguments.device)
    return 0 if good else 1


def ties_of(name, random):
    """Every threshold exactly, both signs, in blocks whose absmax is 1."""
    values = random.choice(np.concatenate([FP4_THRESHOLDS, -FP4_THRESHOLDS] if name == "fp4" else [ar.NF4_THRESHOLDS]), (64, 64))
    values[:, 0] = 1
    return values.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
