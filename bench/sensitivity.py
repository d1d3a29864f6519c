#!/usr/bin/env python3
"""What sensitivity predicts beside what is true, and beside rival scores: docs/results/sensitivity.md.

Trains small models of the three kinds with fp4-train, measures each (layer, recipe) pair with sensitivity_truth, and
writes rank correlations and calibration. Usage: bench/sensitivity.py BUILD WORK; the tables go to the standard output.
"""
import argparse
import json
import math
import pathlib
import subprocess

RECIPES = {"ternary-weights": {"weights": "ternary"}, "nvfp4-activations": {"activations": "nvfp4"},
           "nvfp4-both": {"weights": "nvfp4", "activations": "nvfp4"}}
FORMATS = ["binary", "ternary-weights", "int4", "nf4", "mxfp4-weights", "nvfp4-weights", "fp8", "nvfp4-both"]
COMMON = {"schema_version": 1, "precision": {"recipes": RECIPES}, "seeds": [1],
          "resources": {"gpus": 0, "cpu_threads": 1}, "checkpoint": {"interval_steps": 0, "keep_last": 1, "keep_best": 0},
          "sensitivity": {"every": 1000000, "micro_batches": 8, "formats": FORMATS}}
MODELS = {
    "transformer": {
        "model": {"preset": "micro", "d_model": 64, "num_layers": 4, "num_heads": 4, "d_ff": 256, "sequence_length": 64,
                  "vocab_size": 128},
        "training": {"steps": 300, "micro_batch_size": 16, "eval_batches": 16, "eval_interval": 1000, "compute_dtype": "fp32"},
        "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 20}},
    "convnet": {
        "model": {"preset": "cnn-small"}, "data": {"source": "images"},
        "training": {"steps": 150, "micro_batch_size": 32, "eval_batches": 32, "eval_interval": 1000, "compute_dtype": "fp32"},
        "lr_schedule": {"warmup_steps": 20},
        # int4's block of 64 fits none of its convolutions.
        "sensitivity": {**COMMON["sensitivity"], "formats": [name for name in FORMATS if name != "int4"]}},
    "autoencoder": {
        "model": {"preset": "autoencoder-16", "layer_sizes": [64, 64, 48, 16, 48, 64, 64]}, "data": {"source": "vectors"},
        "training": {"steps": 1500, "micro_batch_size": 64, "eval_batches": 32, "eval_interval": 10000,
                     "compute_dtype": "fp32"},
        "lr_schedule": {"warmup_steps": 20}},
}
SCORES = {
    "predicted": "**predicted**",
    "expanded": "predicted, expanded at the layer's output",
    "both_orders": "both orders, the first whole",
    "second": "second order alone",
    "second_of_rows": "second order, rows as independent",
    "empirical": "second order by the data's own targets",
    "weight_mse": "weight MSE",
    "noise_to_signal": "SQNR of the weight",
    "gradient_times_change": "\\|G·ΔW\\|",
    "diagonal_fisher": "diagonal Fisher",
    "hessian_trace": "Hessian trace × ‖ΔW‖²",
    "auto_quantize": "AutoQuantize's squares",
}


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] == values[order[begin]]:
            end += 1
        for i in order[begin:end]:
            result[i] = (begin + end - 1) / 2
        begin = end
    return result


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return covariance / spread if spread > 0 else float("nan")


def spearman(pairs, score):
    return correlation(ranks([pair[score] for pair in pairs]), ranks([pair["true"] for pair in pairs]))


def measure(build, work, document, seed=1):
    """Trains the document with that seed, if no earlier call has, and keeps its pairs in <name>-<seed>.jsonl."""
    name = f"{document['name']}-{seed}"
    path, run = work / f"{name}.json", work / name
    path.write_text(json.dumps({**document, "seeds": [seed]}))
    subprocess.run([build / "bin/fp4-train", path, "--run-dir", run], check=True, stderr=subprocess.DEVNULL)
    checkpoint = max((run / "checkpoints").iterdir())
    out = subprocess.run([build / "bin/sensitivity_truth", path, checkpoint, "default", str(seed)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    (work / f"{name}.jsonl").write_text(out)


def read(path):
    pairs = [json.loads(line) for line in path.read_text().splitlines()]
    for pair in pairs:
        pair["both_orders"] = pair["first"] + pair["second"]
    return pairs


def exceeds(pair):
    """Whether the true change is more than its noise: two standard errors."""
    return abs(pair["true"]) > 2 * pair["true_error"]


def section(name, pairs):
    clear = [pair for pair in pairs if exceeds(pair)]
    lines = [f"## {name}", "",
             f"{len(pairs)} pairs; in {len(clear)} the true change exceeds two of its standard errors.", "",
             "| score | Spearman, clear pairs | Spearman, all pairs |", "|---|---|---|"]
    for score, words in SCORES.items():
        lines.append(f"| {words} | {spearman(clear, score):.3f} | {spearman(pairs, score):.3f} |")
    ratios = sorted(pair["predicted"] / pair["true"] for pair in clear if pair["true"] > 0)
    if ratios:
        low, middle, high = (ratios[int(len(ratios) * share)] for share in (0.1, 0.5, 0.9))
        lines += ["", f"Calibration, predicted by true: median {middle:.2f}, 10 % {low:.2f}, 90 % {high:.2f}."]
        small = sorted(pair["predicted"] / pair["true"] for pair in clear if 0 < pair["true"] < 0.05)
        if small:
            lines += [f"Of true changes below 0.05: median {small[len(small) // 2]:.2f} ({len(small)} pairs)."]
    return lines + [""]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--again", action="store_true", help="read what is measured already")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name in options.models:
        kept = options.work / f"{name}-1.jsonl"
        if not options.again or not kept.exists():
            measure(options.build.resolve(), options.work.resolve(), {**COMMON, "name": name, **MODELS[name]})
        print("\n".join(section(name, read(kept))), flush=True)


if __name__ == "__main__":
    main()
