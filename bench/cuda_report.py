"""Compiles numerics/cuda for every architecture of the `cuda` preset and writes registers, spills and stack of each kernel
as a table. Usage: cuda_report.py NVCC OUTPUT.md [--jobs 2]"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
ELEMENTS = "fp4 nf4 e2m1 e4m3 e5m2 int8 int4 ternary binary fp16 bf16 fp32".split()
RULES = "none absmax divided e8m0 two-level mean".split()


def architectures():
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    cuda = next(preset for preset in presets if preset["name"] == "cuda")
    # As numerics/CMakeLists.txt: for the family where there are families.
    plain = cuda["cacheVariables"]["CMAKE_CUDA_ARCHITECTURES"].split(";")
    return [name + "f" if name.isdigit() and int(name) >= 100 else name for name in plain]


def compile_one(nvcc, source, architecture):
    with tempfile.TemporaryDirectory() as folder:
        command = [nvcc, "-std=c++20", "-O2", "-fmad=false", "-Wno-deprecated-gpu-targets", f"-I{ROOT}", "-cubin", "-Xptxas", "-v",
                   "-arch", f"sm_{architecture}", "-o", f"{folder}/out.cubin", str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done.stdout + done.stderr


def kernel_name(symbol):
    """QuantizeBlocks<fp4, absmax, 16 lanes, 1 vector> from the mangled name."""
    plain = re.search(r"(QuantizeBlocks|EdenGroups|NestScales|Elements|Amax|Means|Rotate|Dropout)(I?.*)", symbol)
    if plain is None:
        return symbol
    name, rest = plain.groups()
    values = [int(v) for v in re.findall(r"Li(\d+)E", rest)]
    enums = [int(v) for v in re.findall(r"(?:ElementType|ScaleRule|S\w*_)E(\d+)E", rest)]
    enums = enums or [int(v) for v in re.findall(r"LN\w+?E(\d+)E|LS\w*_(\d+)E", rest) for v in v if v]
    tile = "Lb1E" in rest
    parts = [ELEMENTS[enums[0]], RULES[enums[1]]] if len(enums) >= 2 else []
    if name == "QuantizeBlocks":
        parts += [f"{values[0]} lanes x {4 * values[1]}"] + (["tile"] if tile else [])
    if name == "Rotate":
        parts = [str(values[0])]
    return f"{name}<{', '.join(parts)}>" if parts else name


def parse(text):
    """{kernel: (registers, spilled bytes, stack bytes, shared bytes)}"""
    kernels = {}
    for part in text.split("Compiling entry function")[1:]:
        symbol = re.search(r"'(\S+)'", part)[1]
        stack, stores, loads = map(int, re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part).groups())
        registers = int(re.search(r"Used (\d+) registers", part)[1])
        shared = re.search(r"(\d+) bytes smem", part)
        kernels[kernel_name(symbol)] = (registers, stores + loads, stack, int(shared[1]) if shared else 0)
    return kernels


def table(results, archs):
    lines = ["| kernel | " + " | ".join(f"sm_{a}" for a in archs) + " |", "|---|" + "---|" * len(archs)]
    for kernel in sorted({k for per_arch in results.values() for k in per_arch}):
        cells = []
        for arch in archs:
            registers, spills, stack, _ = results[arch].get(kernel, (0, 0, 0, 0))
            cells.append(f"{registers}" + (f", spills {spills} B" if spills else "") + (f", stack {stack} B" if stack else ""))
        lines.append(f"| `{kernel}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nvcc")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    archs, sources = architectures(), sorted((ROOT / "numerics/cuda").glob("*.cu"))
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        texts = {(arch, source): pool.submit(compile_one, arguments.nvcc, source, arch) for arch in archs for source in sources}
    results = {arch: {} for arch in archs}
    for (arch, _), text in texts.items():
        results[arch].update(parse(text.result()))
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    version = subprocess.run([arguments.nvcc, "--version"], capture_output=True, text=True).stdout.split("release ")[1].split(",")[0]
    spilling = sum(1 for kernels in results.values() for k in kernels.values() if k[1])
    count = sum(len(kernels) for kernels in results.values())
    arguments.output.write_text(f"""# CUDA kernels: registers and spills

The compiler's own figures (`ptxas -v`), for every architecture of the preset `cuda`; written by `script/bench cuda-report`.
{datetime.date.today()}, revision {revision}, nvcc {version}. Threads in a block: 256, so up to 64 registers keep a
multiprocessor of 65,536 registers at 1,024 threads. {spilling} of {count} compiled kernels spill.

{table(results, archs)}
""")


if __name__ == "__main__":
    main()
