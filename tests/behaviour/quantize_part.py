"""fp4-quantize: every format with every setting of every option and every pair of them; inputs, pages and refusals."""
import itertools
import json
import random
import struct

ROWS, COLUMNS = 24, 256
EVERY_FORMAT = {
    "--scale-mode": ["floor", "rceil", "even", "ceil"],
    "--four-over-six": ["mse", "mae"],
    "--double-quantization": [None],
    "--rounding": ["stochastic"],
    "--hadamard": ["16", "32", "64", "128", "24"],
    "--headroom": ["0.9", "1.5", "0", "-1"],
    "--seed": ["7"],
}
BAD_BLOCKS = ["7", "1x7", "0", "row", "tensor", "none", "x", "16x16"]
REFUSED = [
    [], ["--format"], ["--format", "fp44", "weights.f32"], ["absent.safetensors", "--format", "fp4"], ["weights.f32", "--format", "fp4"],
    ["weights.f32", "--format", "fp4", "--rows", "24"], ["weights.f32", "--format", "fp4", "--rows", "0", "--cols", "1"],
    ["weights.f32", "--format", "fp4", "--rows", "24", "--cols", "257"], ["weights.f32", "--format", "fp4", "--rows", "x", "--cols", "1"],
    ["model.safetensors", "--format", "fp4", "--tensor", "d"], ["model.safetensors", "--format", "fp4", "--codes", "codes"],
    ["model.safetensors", "--format", "fp4", "--format", "nf4"], ["model.safetensors", "--format", "fp4:"],
    ["model.safetensors", "--format", "fp4:block=7"], ["model.safetensors", "--format", "fp4:blok=64"],
    ["model.safetensors", "--format", "nf4:,block=64"], ["model.safetensors", "--format", "nf4:block=64,double-quantization"],
    ["model.safetensors", "--format", "fp4", "--rounding", "up"], ["model.safetensors", "--format", "fp4", "--scale-mode", "flor"],
    ["model.safetensors", "--format", "nvfp4", "--four-over-six", "max"], ["model.safetensors", "--format", "fp4", "--seed", "-1"],
    ["model.safetensors", "--format", "fp4", "-o", "yaml"], ["model.safetensors", "--format", "fp4", "--frobnicate"],
    ["model.safetensors", "--format", "fp4", "--tensor", "a", "--codes", "out", "--scales", "out"],
    ["model.safetensors", "--format", "fp4", "--tensor", "a", "--codes", "model.safetensors"],
    ["model.safetensors", "--format", "fp4", "--tensor", "a", "--codes", "."],
    ["model.safetensors", "--format", "fp4", "--tensor", "a", "--codes", "absent/folder/codes"],
    ["model.safetensors", "--format", "fp4", "--charts", "charts.html"], ["--charts", "charts.html"],
    ["--charts", "charts.html", "--format", "fp4", "--format", "fp4"], ["--charts", "charts.html", "--format", "fp4", "--block", "1x7"],
    ["--charts", "charts.html", "--format", "fp4", "--format", "nvfp4", "--four-over-six", "mse"],
    ["truncated.safetensors", "--format", "fp4"], ["text.safetensors", "--format", "fp4"], ["empty.f32", "--format", "fp4"],
]


def write_inputs(folder):
    source = random.Random(3)
    values = [source.gauss(0, 0.02) for _ in range(ROWS * COLUMNS)]
    values[5], values[300], values[301], values[700] = 0.0, 3.0, -3.0, 1e-30
    (folder / "weights.f32").write_bytes(struct.pack(f"<{len(values)}f", *values))
    bf16 = b"".join(struct.pack("<f", value)[2:] for value in values[:64])
    fp16 = struct.pack("<64e", *values[:64])
    fp32 = struct.pack("<512f", *values[:512])
    tensors, data = {}, b""
    for name, kind, shape, payload in [("a", "F32", [2, 256], fp32), ("b", "BF16", [2, 32], bf16), ("c", "F16", [64], fp16),
                                       ("none", "F32", [0, 3], b""), ("step", "I64", [], struct.pack("<q", 3))]:
        tensors[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(payload)]}
        data += payload
    header = json.dumps(tensors).encode()
    whole = struct.pack("<Q", len(header)) + header + data
    (folder / "model.safetensors").write_bytes(whole)
    (folder / "truncated.safetensors").write_bytes(whole[:-9])
    (folder / "text.safetensors").write_text("this is no safetensors file\n")
    (folder / "empty.f32").write_bytes(b"")


def settings(blocks):
    """Every value of every option, and every pair of values of two options."""
    table = {"--block": [*blocks, *(b for b in BAD_BLOCKS if b not in blocks)], **EVERY_FORMAT}
    one = [(name, value) for name, values in table.items() for value in values]
    yield ()
    yield from ((each,) for each in one)
    yield from ((a, b) for a, b in itertools.combinations(one, 2) if a[0] != b[0])


def arguments_of(setting):
    return [part for name, value in setting for part in (name, value) if part is not None]


def record(recorder):
    write_inputs(recorder.folder)
    for output in ("text", "json"):
        recorder.try_out(f"quantize/list {output}", "fp4-quantize", "--list", "-o", output)
    recorder.try_out("quantize/help", "fp4-quantize", "--help")
    outputs = [recorder.folder / name for name in ("codes", "scales", "decoded")]
    files = [part for path in outputs for part in (f"--{path.name}", path)]
    formats = json.loads(recorder.run("fp4-quantize", "--list", "-o", "json").stdout)
    for form in formats:
        for setting in settings(form["blocks"]):
            for path in outputs:
                path.unlink(missing_ok=True)
            chosen = arguments_of(setting)
            recorder.try_out(" ".join(["quantize/raw", form["name"], *chosen]), "fp4-quantize", "weights.f32", "--rows", ROWS, "--cols", COLUMNS,
                             "--format", form["name"], *chosen, *files, "-o", "json", files=outputs)
        page = recorder.folder / "page.html"
        for output in ("text", "json"):
            recorder.try_out(f"quantize/file {form['name']} {output}", "fp4-quantize", "model.safetensors", "--format", form["name"],
                             "--report", page, "-o", output, files=[page])
        recorder.try_out(f"quantize/charts {form['name']}", "fp4-quantize", "--charts", page, "--format", form["name"], files=[page])
    for arguments in REFUSED:
        recorder.try_out("quantize/refused " + " ".join(arguments), "fp4-quantize", *arguments)
