#!/usr/bin/env python3
"""Trains small models in plain PyTorch, to check fp4-train's numbers against.

An implementation of its own of docs/spec.md's "exact meanings", in fp32 on one CPU thread: written from the text, not from
the C++. It shares no code with the product; even the FP4 quantizer is written out here.

  pytorch_trace.py run DOCUMENT.json               prints the trace of one document (first variant, or --variant)
  pytorch_trace.py record FOLDER                   writes the documents, weights and tokens of the recorded cases into
                                                   FOLDER, and expected.json: what PyTorch makes of them
  pytorch_trace.py check FOLDER                    compares expected.json with what PyTorch makes of the documents now
  pytorch_trace.py check-quantizer                 compares the FP4 quantizer with bitsandbytes'

Needs: torch, numpy, safetensors (script/bench sets them up); bitsandbytes for check-quantizer.
"""
import argparse
import json
import math
import pathlib
import re
import sys

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F

STEPS = 10
DEFAULTS = {
    "model": {"norm": "rmsnorm", "norm_eps": 1e-6, "dropout": 0.0, "rotary_axis": "sequence",
              "rotary_frequencies": "full", "embedding_scale": False},
    "data": {"validation_paths": []},
    "training": {"gradient_accumulation": 1, "grad_clip_norm": 1.0},
    "optimizer": {"betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1, "weight_decay_on": "matrices"},
    "lr_schedule": {"name": "cosine", "min_factor": 0.1, "warmup_from_zero": False},
    "precision": {"default": "baseline", "rules": []},
}


# --- the document --------------------------------------------------------------------------------

def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def read_document(path, variant=None):
    document = json.loads(pathlib.Path(path).read_text())
    variants = document.pop("variants", {})
    if variants:
        document = merge_patch(document, variants[variant or next(iter(variants))])
    document = merge_patch(DEFAULTS, document)
    model, data = document["model"], document["data"]
    if model["dropout"] != 0 or data["source"] != "tokens" or data["shuffle"]:
        sys.exit(f"{path}: needs dropout 0, source tokens, shuffle false")
    document["folder"] = pathlib.Path(path).parent
    return document


def matches(pattern, name):
    regex = re.escape(pattern).replace(r"\*\*", "\0").replace(r"\*", "[^.]*").replace("\0", ".*")
    return re.fullmatch(regex, name) is not None


def recipe_of(document, layer):
    recipe = "baseline" if layer in ("embedding", "lm_head") else document["precision"]["default"]
    for rule in document["precision"]["rules"]:
        if matches(rule["match"], layer):
            recipe = rule["use"]
    return recipe


# --- FP4 as bitsandbytes defines it --------------------------------------------------------------

MAGNITUDES = np.array([0, 0.005208333333, 0.66666667, 1.0, 0.33333333, 0.5, 0.16666667, 0.25], np.float32)
# Ascending thresholds and the code between two of them.
THRESHOLDS = np.array([0.00260417, 0.0859375, 0.20833333, 0.29166667, 0.4166667, 0.583333, 0.8333333], np.float32)
CODES = np.array([0, 1, 6, 7, 4, 5, 2, 3])


def quantize_dequantize_fp4(weight, block=64):
    values = weight.detach().numpy().astype(np.float32).reshape(-1)
    out = np.empty_like(values)
    for start in range(0, values.size, block):
        x = values[start:start + block]
        absmax = np.abs(x).max()
        if absmax == 0:
            out[start:start + block] = 0
            continue
        scaled = x * (np.float32(1.0) / absmax)
        codes = CODES[np.searchsorted(THRESHOLDS, np.abs(scaled), side="left")]  # strictly greater
        magnitude = MAGNITUDES[codes] * absmax
        out[start:start + block] = np.where(x < 0, -magnitude, magnitude)
    return torch.from_numpy(out.reshape(weight.shape))


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight):
        return quantize_dequantize_fp4(weight)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


# --- the model -----------------------------------------------------------------------------------

class Model:
    def __init__(self, document):
        self.spec = document["model"]
        self.document = document
        loaded = safetensors.numpy.load_file(document["folder"] / self.spec["initialize_from"])
        self.weights = {name: torch.from_numpy(value.copy()).requires_grad_() for name, value in loaded.items()}
        for name, weight in self.weights.items():
            layer = name.removesuffix(".weight")
            if weight.dim() == 2 and recipe_of(document, layer) in ("fp4-frozen", "frozen"):
                weight.requires_grad_(False)

    def weight_for(self, layer, name=None):
        weight = self.weights[name or f"{layer}.weight"]
        recipe = recipe_of(self.document, layer)
        if recipe in ("baseline", "frozen"):
            return weight
        if recipe == "fp4":
            return StraightThrough.apply(weight)
        if recipe == "fp4-frozen":
            return quantize_dequantize_fp4(weight)
        sys.exit(f"recipe {recipe} is not implemented here")

    def norm(self, x, layer):
        weight, eps = self.weights[f"{layer}.weight"], self.spec["norm_eps"]
        if self.spec["norm"] == "layernorm":
            x = x - x.mean(-1, keepdim=True)
        return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight

    def rotary(self, x):  # (B, heads, T, head_dim)
        if self.spec["rotary_axis"] == "none":
            return x
        heads, length, dim = x.shape[1:]
        if self.spec["rotary_frequencies"] == "full":
            frequencies = [10000 ** (-2 * i / dim) for i in range(dim // 2)]
        else:
            frequencies = [10000 ** (-i / (dim / 4 - 1)) for i in range(dim // 4)] + [0.0] * (dim // 4)
        on_heads = self.spec["rotary_axis"] == "heads"
        positions = torch.arange(heads if on_heads else length, dtype=torch.float64)
        angles = positions[:, None] * torch.tensor(frequencies, dtype=torch.float64)
        angles = angles[:, None, :] if on_heads else angles[None, :, :]
        cos, sin = angles.cos().float(), angles.sin().float()
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * cos + b * sin, b * cos - a * sin], dim=-1)

    def attention(self, x, block):
        batch, length, width = x.shape
        heads = self.spec["num_heads"]
        qkv = x @ self.weight_for(f"{block}.attention.qkv").T
        q, k, v = (part.view(batch, length, heads, width // heads).transpose(1, 2) for part in qkv.chunk(3, dim=-1))
        q, k = self.rotary(q), self.rotary(k)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(later, float("-inf")).softmax(-1) @ v
        return mixed.transpose(1, 2).reshape(batch, length, width) @ self.weight_for(f"{block}.attention.out").T

    def mlp(self, x, block):
        up = x @ self.weight_for(f"{block}.mlp.up").T
        activation = self.spec["activation"]
        if activation == "swiglu":
            hidden = F.silu(x @ self.weight_for(f"{block}.mlp.gate").T) * up
        else:
            hidden = {"silu": F.silu, "gelu": F.gelu, "relu2": lambda y: F.relu(y).square()}[activation](up)
        return hidden @ self.weight_for(f"{block}.mlp.down").T

    def logits(self, inputs):
        x = F.embedding(inputs, self.weight_for("embedding"))
        if self.spec["embedding_scale"]:
            x = x * math.sqrt(self.spec["d_model"])
        for i in range(self.spec["num_layers"]):
            block = f"blocks.{i}"
            x = x + self.attention(self.norm(x, f"{block}.attention_norm"), block)
            x = x + self.mlp(self.norm(x, f"{block}.mlp_norm"), block)
        x = self.norm(x, "final_norm")
        head = "embedding.weight" if self.spec["tie_embeddings"] else "lm_head.weight"
        return x @ self.weight_for("lm_head", head).T

    def loss(self, windows):
        logits = self.logits(windows[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()), logits


# --- data, optimizer, training -------------------------------------------------------------------

def read_windows(document, paths):
    tokens = np.concatenate([np.fromfile(document["folder"] / path, "<u2") for path in paths])
    length = document["model"]["sequence_length"]
    count = (len(tokens) - 1) // length
    return torch.from_numpy(np.stack([tokens[j * length:(j + 1) * length + 1] for j in range(count)]).astype(np.int64))


def training_and_validation(document):
    data = document["data"]
    windows = read_windows(document, data["paths"])
    if data["validation_paths"]:
        return windows, read_windows(document, data["validation_paths"])
    tail = min(max(math.floor(data["validation_fraction"] * len(windows) + 0.5), 1), len(windows) - 1)
    return windows[:-tail], windows[-tail:]


def learning_rate(document, step):
    peak, schedule = document["optimizer"]["learning_rate"], document["lr_schedule"]
    steps, warmup, least = document["training"]["steps"], schedule["warmup_steps"], schedule["min_factor"]
    if step <= warmup:
        return peak * (step - 1 if schedule["warmup_from_zero"] else step) / warmup
    progress = (step - warmup) / (steps - warmup)
    if schedule["name"] == "cosine":
        return peak * (least + (1 - least) * (1 + math.cos(math.pi * progress)) / 2)
    return peak * {"linear": 1 - (1 - least) * progress, "constant": 1.0}[schedule["name"]]


def make_optimizer(document, model):
    spec = document["optimizer"]
    trained = [weight for weight in model.weights.values() if weight.requires_grad]
    decays = [w for w in trained if spec["weight_decay_on"] == "all" or w.dim() == 2]
    rest = [w for w in trained if spec["weight_decay_on"] != "all" and w.dim() != 2]
    groups = [{"params": decays, "weight_decay": spec["weight_decay"]}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=0.0, betas=tuple(spec["betas"]), eps=spec["eps"])


def evaluate(document, model, windows):
    training = document["training"]
    if training["eval_batches"] > 0:
        windows = windows[:training["eval_batches"] * training["micro_batch_size"]]
    with torch.no_grad():
        loss, logits = model.loss(windows)
    return {"loss": loss.item(), "accuracy": (logits.argmax(-1) == windows[:, 1:]).float().mean().item()}


def train_step(document, model, optimizer, windows, step):
    training = document["training"]
    batch, accumulation = training["micro_batch_size"], training["gradient_accumulation"]
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for m in range(accumulation):
        first = ((step - 1) * accumulation + m) * batch
        loss, _ = model.loss(windows[[(first + row) % len(windows) for row in range(batch)]])
        (loss / accumulation).backward()
        total += loss.item() / accumulation
    gradients = [w.grad for w in model.weights.values() if w.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients])).item()
    if training["grad_clip_norm"] > 0:
        factor = min(1.0, training["grad_clip_norm"] / (norm + 1e-6))
        for gradient in gradients:
            gradient.mul_(factor)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(document, step)
    optimizer.step()
    return total, norm


def trace(document):
    model = Model(document)
    windows, validation = training_and_validation(document)
    optimizer = make_optimizer(document, model)
    result = {"evaluation": evaluate(document, model, validation), "losses": [], "grad_norms": []}
    for step in range(1, min(STEPS, document["training"]["steps"]) + 1):
        loss, norm = train_step(document, model, optimizer, windows, step)
        result["losses"].append(loss)
        result["grad_norms"].append(norm)
    if document["training"]["steps"] == STEPS:
        result["final_evaluation"] = evaluate(document, model, validation)
    return result


# --- the recorded cases --------------------------------------------------------------------------

BASE = {
    "schema_version": 1, "name": "trace",
    "model": {"d_model": 24, "num_layers": 2, "num_heads": 3, "d_ff": 40, "vocab_size": 61, "sequence_length": 16,
              "activation": "silu", "tie_embeddings": True, "initialize_from": "tied.safetensors"},
    "data": {"source": "tokens", "paths": ["tokens.bin"], "validation_paths": ["validation.bin"], "shuffle": False},
    "training": {"steps": STEPS, "micro_batch_size": 4, "compute_dtype": "fp32", "eval_interval": STEPS,
                 "eval_batches": 0, "log_interval": 1},
    "optimizer": {"learning_rate": 0.01},
    "lr_schedule": {"name": "cosine", "warmup_steps": 3},
    "resources": {"gpus": 0},
    "seeds": [1],
}
HEAD = {"match": "lm_head", "use": "fp4"}
UNTIED = {"tie_embeddings": False, "initialize_from": "untied.safetensors"}
GATED = {"activation": "swiglu", "initialize_from": "gated.safetensors"}
CASES = {
    "baseline": {},
    "fp4": {"precision": {"default": "fp4"}},
    "fp4-frozen": {"precision": {"default": "fp4-frozen"}},
    "frozen": {"precision": {"default": "frozen"}},
    "untied": {"model": UNTIED},
    "fp4-tied-head": {"precision": {"default": "fp4", "rules": [HEAD]}},
    "fp4-untied-head": {"model": UNTIED, "precision": {"default": "fp4", "rules": [HEAD]}},
    "fp4-frozen-untied-head": {"model": UNTIED, "precision": {
        "default": "fp4-frozen", "rules": [{"match": "lm_head", "use": "fp4-frozen"}]}},
    "fp4-embedding": {"precision": {"rules": [{"match": "embedding", "use": "fp4"}]}},
    "fp4-mlp-rules": {"precision": {"rules": [{"match": "blocks.*.mlp.*", "use": "fp4"},
                                              {"match": "blocks.1.**", "use": "baseline"}]}},
    "swiglu": {"model": GATED},
    "fp4-swiglu": {"model": GATED, "precision": {"default": "fp4"}},
    "gelu": {"model": {"activation": "gelu"}},
    "relu2": {"model": {"activation": "relu2"}},
    "layernorm": {"model": {"norm": "layernorm"}},
    "rotary-half-truncated": {"model": {"rotary_frequencies": "half-truncated"}},
    "rotary-heads": {"model": {"rotary_axis": "heads", "rotary_frequencies": "half-truncated"}},
    "rotary-none": {"model": {"rotary_axis": "none"}},
    "embedding-scale": {"model": {"embedding_scale": True}},
    "decay-all": {"optimizer": {"weight_decay": 1.0, "weight_decay_on": "all"}},
    "accumulation": {"training": {"micro_batch_size": 2, "gradient_accumulation": 3}},
    # A large eps: otherwise Adam hardly sees how long the gradient is.
    "clipping": {"training": {"grad_clip_norm": 0.1}, "optimizer": {"eps": 0.01}},
    "no-clipping": {"training": {"grad_clip_norm": 0}, "optimizer": {"eps": 0.01}},
    "linear-from-zero": {"lr_schedule": {"name": "linear", "warmup_from_zero": True, "min_factor": 0.2}},
    "constant": {"lr_schedule": {"name": "constant", "warmup_steps": 0}},
    "tail-validation": {"data": {"validation_paths": None, "validation_fraction": 0.15}, "training": {"eval_batches": 3}},
    "wrapping": {"data": {"paths": ["validation.bin"]}},
}


def make_weights(model, seed):
    random = np.random.default_rng(seed)
    d, d_ff, vocabulary = model["d_model"], model["d_ff"], model["vocab_size"]

    def matrix(rows, columns):  # wider than usual, so that every part of the model matters from the first step
        return random.normal(0, 0.15, (rows, columns)).astype(np.float32)

    def norm():
        return (1 + random.normal(0, 0.1, d)).astype(np.float32)

    weights = {"embedding.weight": matrix(vocabulary, d), "final_norm.weight": norm()}
    for i in range(model["num_layers"]):
        block = {"attention_norm": norm(), "attention.qkv": matrix(3 * d, d), "attention.out": matrix(d, d),
                 "mlp_norm": norm(), "mlp.up": matrix(d_ff, d), "mlp.down": matrix(d, d_ff)}
        if model["activation"] == "swiglu":
            block["mlp.gate"] = matrix(d_ff, d)
        weights.update({f"blocks.{i}.{name}.weight": value for name, value in block.items()})
    if not model["tie_embeddings"]:
        weights["lm_head.weight"] = matrix(vocabulary, d)
    return weights


def make_tokens(count, vocabulary, seed):
    """Mostly a walk with a fixed stride, so that there is something to learn."""
    random = np.random.default_rng(seed)
    tokens, last = [], 0
    for _ in range(count):
        last = (last * 7 + 3) % vocabulary if random.random() < 0.7 else int(random.integers(vocabulary))
        tokens.append(last)
    return np.array(tokens, "<u2")


def record(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (file, patch) in enumerate({"tied": {}, "untied": UNTIED, "gated": GATED}.items()):
        path = folder / f"{file}.safetensors"
        safetensors.numpy.save_file(make_weights(BASE["model"] | patch, seed), path)
        path.chmod(0o644)
    make_tokens(1500, 61, 10).tofile(folder / "tokens.bin")
    make_tokens(16 * 9 + 5, 61, 11).tofile(folder / "validation.bin")
    expected = {}
    for name, patch in CASES.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(merge_patch(BASE, patch), indent=1) + "\n")
        expected[name] = trace(read_document(path))
    (folder / "expected.json").write_text(
        json.dumps({"torch": torch.__version__, "traces": expected}, indent=1) + "\n")


# What the tests of fp4-train allow too. Another processor sums in another order, and after some steps a weight on the edge
# between two FP4 levels falls to the other side.
BOUNDS = {"evaluation": 1e-5, "losses": 1e-4, "grad_norms": 1e-3}


def differences(recorded, now):
    """By the names of BOUNDS; gradient norms relative to themselves."""
    pairs = {key: list(zip(recorded[key], now[key], strict=True)) for key in ("losses", "grad_norms")}
    return {"evaluation": abs(recorded["evaluation"]["loss"] - now["evaluation"]["loss"]),
            "losses": max(abs(a - b) for a, b in pairs["losses"]),
            "grad_norms": max(abs(a - b) / a for a, b in pairs["grad_norms"])}


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())["traces"]
    worst = dict.fromkeys(BOUNDS, 0.0)
    for name, recorded in expected.items():
        for key, value in differences(recorded, trace(read_document(folder / f"{name}.json"))).items():
            worst[key] = max(worst[key], value)
    found = ", ".join(f"{key} {value:.1e} (allowed {BOUNDS[key]:.0e})" for key, value in worst.items())
    print(f"{len(expected)} traces with PyTorch {torch.__version__}; largest differences to the record: {found}")
    return 0 if all(value <= BOUNDS[key] for key, value in worst.items()) else 1


def check_quantizer():
    import bitsandbytes.functional as bnb
    generator = torch.Generator().manual_seed(0)
    differing = total = 0
    for shape in ((61, 24), (384, 384), (1024, 1024)):
        x = torch.randn(shape, generator=generator)
        codes, state = bnb.quantize_4bit(x, blocksize=64, quant_type="fp4")
        theirs = bnb.dequantize_4bit(codes, state)
        differing += (theirs != quantize_dequantize_fp4(x)).sum().item()
        total += x.numel()
    print(f"{differing} of {total} values differ from bitsandbytes' {x.device} backend")
    return 0 if differing <= total * 1e-6 + 2 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "record", "check", "check-quantizer"])
    parser.add_argument("path", nargs="?", type=pathlib.Path)
    parser.add_argument("--variant")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.command == "check-quantizer":
        return check_quantizer()
    if arguments.path is None:
        parser.error(f"{arguments.command} needs a path")
    if arguments.command == "record":
        return record(arguments.path)
    if arguments.command == "check":
        return check(arguments.path)
    print(json.dumps(trace(read_document(arguments.path, arguments.variant)), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
