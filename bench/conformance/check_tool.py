"""Holds fp4-quantize to formats.py on held-out tensors, byte for byte.

Usage: check_tool.py [--tool build/bin/fp4-quantize] [--seed 1] [--formats a,b] [--kinds a,b] [--every 4] [--verbose]
Exit code 1 when a byte differs; prints one line for each difference and a table by format."""
import argparse
import collections
import itertools
import sys
import tempfile

import numpy as np

import formats
import figures as figures_of
import tensors
from formats import Options
from tool import Tool

FLAT = ("fp4", "nf4")
STOCHASTIC = [name for name in formats.BLOCKS if name not in ("ternary", "binary", "fp32")]
SCALED = ("fp4", "nf4", "mxfp4", "mxfp8", "nvfp4", "fp8_e4m3", "fp8_e5m2", "e2m1", "int8", "int4")


def option_sets(name):
    """Every block with no option, every option with the default block, and the combinations that are allowed."""
    for block in formats.BLOCKS[name]:
        yield Options(block=block)
    if name in FLAT:
        for block in formats.BLOCKS[name]:
            yield Options(block=block, double_quantization=True)
    if name in ("mxfp4", "mxfp8"):
        for mode in ("floor", "rceil", "even", "ceil"):
            yield Options(scale_mode=mode)
        yield Options(scale_mode="rceil", hadamard=64)
        for mode in ("", "even"):
            yield Options(scale_mode=mode, prescale=0.75)
    if name == "nvfp4":
        for error, block in itertools.product(("mse", "mae"), formats.BLOCKS[name]):
            yield Options(block=block, four_over_six=error)
        yield Options(four_over_six="mse", hadamard=16, seed=3)
        yield Options(block="16x16", headroom=1.0625)
        yield Options(stochastic=True, headroom=1.0, seed=5)
    if name in SCALED:
        yield Options(headroom=1.25)
    for n in (16, 32, 64, 128):
        yield Options(hadamard=n, seed=n)
    yield Options(hadamard=16, fixed_signs=True)
    if name in STOCHASTIC:
        for seed in (0, 12345678901234567890):
            yield Options(stochastic=True, seed=seed)
        if name != "nvfp4":
            yield Options(block=formats.BLOCKS[name][-1], stochastic=True, seed=9)


def first_difference(ours, theirs):
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes expected, {len(theirs)} written"
    a, b = np.frombuffer(ours, np.uint8), np.frombuffer(theirs, np.uint8)
    where = np.flatnonzero(a != b)
    return f"{len(where)} of {len(a)} bytes differ, first at {where[0]}: {a[where[0]]:#04x} expected, {b[where[0]]:#04x} written"


def decoded_differences(result, written):
    """NaNs count as equal whatever their bits."""
    theirs = np.frombuffer(written, "<f4")
    ours = result.decoded
    differs = (ours.view(np.uint32) != theirs.view(np.uint32)) & ~(np.isnan(ours) & np.isnan(theirs))
    if not differs.any():
        return None
    at = int(np.flatnonzero(differs)[0])
    return f"{int(differs.sum())} values differ, first at {at}: {ours[at]!r} expected, {theirs[at]!r} written"


def compare(result, values, written, figures):
    problems = {}
    for part in ("codes", "scales"):
        expected = getattr(result, part)
        if written[part] != expected:
            problems[part] = first_difference(expected, written[part])
    if (why := decoded_differences(result, written["decoded"])) is not None:
        problems["decoded"] = why
    expected = figures_of.measure(values, result, len(result.codes) + len(result.scales) + result.extra_bytes)
    for key, value in expected.items():
        if not figures_of.same(value, figures.get(key, float("nan")), floor=1.0 if key == "sqnr_db" else 0.0):
            problems[key] = f"{value} expected, {figures.get(key, 'nothing')} printed"
    return problems


def cases(name, kinds, seed, every):
    """Each option with each kind of tensor, at one shape in `every`, another one each time."""
    turn = seed
    for options in option_sets(name):
        shapes = tensors.ROTATABLE if options.hadamard else tensors.SHAPES
        for kind in kinds:
            turn += 1
            for i, shape in enumerate(shapes):
                if (i + turn) % every == 0:
                    yield options, shape, kind, tensors.make(kind, shape, seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="build/bin/fp4-quantize")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(formats.BLOCKS))
    parser.add_argument("--kinds", default=",".join(tensors.MAKERS))
    parser.add_argument("--every", type=int, default=4, help="run one shape in this many; 1: all")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    failed = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(arguments.tool, folder)
        for name in arguments.formats.split(","):
            count, wrong = 0, 0
            for options, shape, kind, values in cases(name, arguments.kinds.split(","), arguments.seed, arguments.every):
                count += 1
                result = formats.quantize(values, name, options)
                written, figures = tool.run(values, name, options)
                problems = {"run": figures} if written is None else compare(result, values, written, figures)
                wrong += bool(problems)
                for part, why in problems.items():
                    failed[name, part] += 1
                    if arguments.verbose or failed[name, part] <= 3:
                        print(f"{name} {' '.join(options.arguments())} {kind} {shape[0]}x{shape[1]}: {part}: {why}")
            print(f"{name}: {count} runs, {wrong} differ", flush=True)
    for (name, part), number in sorted(failed.items()):
        print(f"  {name} {part}: {number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
