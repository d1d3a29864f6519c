"""Formats of fp4lab against memcpy, bitsandbytes and torchao/PyTorch on the same CPU, tensor and threads.

compare_formats.py NUMERICS_BENCH [--log2-size 24] [--threads 1 2] [--repeats 5] [--format NAME ...] [--markdown]

One tensor of Gaussians is drawn, written to a file for numerics_bench and given to the peers as it is. Every time is CPU
time of the process divided by the threads, the best of all repeats: under load the wall clock measures the neighbours.
That flatters a peer that leaves threads idle. GB/s count the fp32 bytes of the tensor twice for all, read and written.
"round trip" of a peer is its quantize and then its dequantize; ours does not store codes in between.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import torch

BLOCK = 64


def bitsandbytes_peer(kind):
    from bitsandbytes import functional

    return ("bitsandbytes", lambda x: functional.quantize_4bit(x, blocksize=BLOCK, quant_type=kind),
            lambda q: functional.dequantize_4bit(*q))


def mx_peer(element):
    from torchao.prototype.mx_formats.mx_tensor import MXTensor

    return ("torchao MXTensor", lambda x: MXTensor.to_mx(x, element, 32), lambda q: q.dequantize(torch.float32))


def nvfp4_peer(amax):
    from torchao.prototype.mx_formats.nvfp4_tensor import NVFP4Tensor, per_tensor_amax_to_scale

    def quantize(x):
        largest = amax if amax is not None else x.abs().max()
        return NVFP4Tensor.to_nvfp4(x, per_tensor_scale=per_tensor_amax_to_scale(largest))

    return ("torchao NVFP4Tensor", quantize, lambda q: q.dequantize(torch.float32))


def affine_peer(block, limit):
    from torchao.quantization import quant_primitives as primitives

    def quantize(x):
        shape = (1, block or x.shape[1])
        scale, zero = primitives.choose_qparams_affine(x, primitives.MappingType.SYMMETRIC, shape, torch.int8, -limit, limit)
        return shape, primitives.quantize_affine(x, shape, scale, zero, torch.int8, -limit, limit), scale, zero

    def dequantize(q):
        shape, codes, scale, zero = q
        return primitives.dequantize_affine(codes, shape, scale, zero, torch.int8, -limit, limit)

    return ("torchao affine, unpacked" if limit == 7 else "torchao affine", quantize, dequantize)


def scaled_float8_peer(element):
    largest = torch.finfo(element).max

    def quantize(x):
        scale = x.abs().max() / largest
        return (x / scale).clamp(-largest, largest).to(element), scale

    return ("PyTorch cast", quantize, lambda q: q[0].to(torch.float32) * q[1])


def cast_peer(dtype):
    return ("PyTorch cast", lambda x: x.to(dtype), lambda q: q.to(torch.float32))


# What is nearest to each format of numerics_bench; formats not named here have no peer on PyPI.
PEERS = {
    "fp4": lambda: bitsandbytes_peer("fp4"),
    "nf4": lambda: bitsandbytes_peer("nf4"),
    "mxfp4": lambda: mx_peer(torch.float4_e2m1fn_x2),
    "mxfp8": lambda: mx_peer(torch.float8_e4m3fn),
    "nvfp4": lambda: nvfp4_peer(None),
    "nvfp4 given amax": lambda: nvfp4_peer(torch.tensor(6.0)),
    "int4": lambda: affine_peer(64, 7),
    "int8": lambda: affine_peer(None, 127),
    "fp8_e4m3": lambda: scaled_float8_peer(torch.float8_e4m3fn),
    "fp8_e5m2": lambda: scaled_float8_peer(torch.float8_e5m2),
    "bf16": lambda: cast_peer(torch.bfloat16),
    "fp16": lambda: cast_peer(torch.float16),
}
VERBS = ("encode", "decode", "round_trip")


def best_seconds(work, threads, repeats):
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, (time.process_time() - start) / threads)
    return best


def time_peer(make, tensor, threads, repeats):
    """Seconds of each verb, and the peer's name; a peer that cannot is named with the reason."""
    try:
        name, quantize, dequantize = make()
        quantized = quantize(tensor)
        seconds = {"encode": best_seconds(lambda: quantize(tensor), threads, repeats),
                   "decode": best_seconds(lambda: dequantize(quantized), threads, repeats)}
    except Exception as error:  # whatever a version of another project raises  # noqa: BLE001
        return f"none: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", {}
    seconds["round_trip"] = seconds["encode"] + seconds["decode"]
    return name, seconds


def run_ours(program, tensor_file, log2_size, threads, formats):
    """{(verb, label): counters} of numerics_bench, and its context."""
    pattern = f"^({'|'.join(VERBS)})/" + (f"({'|'.join(formats)})/" if formats else "")
    environment = dict(os.environ, FP4_BENCH_TENSOR=tensor_file, FP4_BENCH_LOG2_SIZE=str(log2_size),
                       FP4_BENCH_THREADS=str(threads))
    output = subprocess.run([program, f"--benchmark_filter={pattern}", "--benchmark_format=json"], env=environment,
                            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    report = json.loads(output)
    rows = {tuple(row["name"].split("/")[:2]): row for row in report["benchmarks"]}
    return rows, report["context"]


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def print_conditions(context, args):
    import importlib.metadata as metadata

    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "bitsandbytes", "torchao"))
    revision = subprocess.run(["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    print(f"date {time.strftime('%Y-%m-%d')}, revision {revision or 'unknown'}, CPU {processor()} with {os.cpu_count()} "
          f"cores, kernels {context['instruction set']}\n{versions}, Python {platform.python_version()}\n"
          f"{1 << args.log2_size} Gaussians, CPU time divided by threads, best of {args.repeats} for the peers and of at "
          f"least 0.15 s for ours; load average now {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


def print_table(rows, tensor, threads, args):
    size = 8e-9 * tensor.numel()
    copies = sorted(row["memcpy_GB/s"] for row in rows.values())
    print(f"\n{threads} thread{'s' if threads > 1 else ''}: memcpy {copies[len(copies) // 2]:.1f} GB/s (median of the best "
          f"beside each format; {copies[0]:.1f} to {copies[-1]:.1f})")
    line = "| {} |" if args.markdown else "{}"
    join = " | ".join if args.markdown else "  ".join
    widths = (24, 10, 9, 9, 10, 9, 0)
    heads = ("format", "verb", "GB/s", "of memcpy", "peer GB/s", "ours/peer", "peer")
    print(line.format(join(f"{head:<{width}}" for head, width in zip(heads, widths))))
    if args.markdown:
        print("|" + "---|" * len(heads))
    for label in dict.fromkeys(label for _, label in rows):
        name, seconds = time_peer(PEERS[label], tensor, threads, args.repeats) if label in PEERS else ("", {})
        for verb in VERBS:
            row = rows[verb, label]
            speed, peer = row["best_GB/s"], size / seconds[verb] if seconds else None
            cells = (label, verb.replace("_", " "), f"{speed:.1f}", f"{row['of_memcpy']:.0%}",
                     f"{peer:.2f}" if peer else "", f"{speed / peer:.1f}x" if peer else "", name)
            print(line.format(join(f"{cell:<{width}}" for cell, width in zip(cells, widths))), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built numerics_bench")
    parser.add_argument("--log2-size", type=int, default=24)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--format", action="append", default=[], dest="formats")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    if not 12 <= args.log2_size <= 32:
        parser.error(f"--log2-size {args.log2_size}: 12 to 32")
    torch.manual_seed(1)
    tensor = torch.randn((1 << args.log2_size) // 4096, 4096)
    with tempfile.NamedTemporaryFile(suffix=".f32") as file:
        tensor.numpy().tofile(file.name)
        for index, threads in enumerate(args.threads):
            torch.set_num_threads(threads)
            rows, context = run_ours(args.program, file.name, args.log2_size, threads, args.formats)
            if not rows:
                sys.exit(f"compare_formats.py: numerics_bench knows none of the formats {', '.join(args.formats)}")
            if index == 0:
                print_conditions(context, args)
            print_table(rows, tensor, threads, args)


if __name__ == "__main__":
    main()
