#!/usr/bin/env python3
"""Does sensitivity rank pairs of layer and recipe better than its rivals? docs/results/ranking.md.

    cmake --preset release -DFP4_BENCHMARKS=ON && ninja -C build fp4-train sensitivity_truth
    bench/ranking.py build /tmp/ranking [--models convnet-deep …] [--again]

Trains each model with each seed, measures its pairs with sensitivity_truth, and writes for each model Spearman's rank
correlation with the true change over the clear pairs of all seeds, of the prediction and of each rival, and the difference
with two 95 % intervals of the bootstrap, paired: over pairs, and over whole layers of one network, whose pairs share their
gradients. MODELS_CHOSEN_ON are those that the estimator was chosen on, the others are held out.
"""
import argparse
import pathlib
import random

from sensitivity import COMMON, SCORES, exceeds, measure, read, spearman

RECIPES = {
    "ternary-weights": {"weights": "ternary"},
    "int4-rows": {"weights": {"format": "int4", "block": "row"}},
    "int4-16": {"weights": {"format": "int4", "block": "1x16"}},
    "e2m1-rows": {"weights": {"format": "e2m1", "block": "row"}},
    "e2m1-tensor": {"weights": {"format": "e2m1", "block": "tensor"}},
    "fp4-weights": {"weights": "fp4"},
    "nvfp4-tiles": {"weights": {"format": "nvfp4", "block": "16x16"}},
    "nvfp4-activations": {"activations": "nvfp4"},
    "nvfp4-both": {"weights": "nvfp4", "activations": "nvfp4"},
    "mxfp4-both": {"weights": "mxfp4", "activations": "mxfp4"},
    "e2m1-both": {"weights": {"format": "e2m1", "block": "row"}, "activations": {"format": "e2m1", "block": "row"}},
    "int4-both": {"weights": {"format": "int4", "block": "row"}, "activations": {"format": "int4", "block": "row"}},
}
OF_WEIGHTS_ALONE = ["binary", "ternary-weights", "int4-rows", "int4-16", "e2m1-rows", "e2m1-tensor", "nf4", "fp4-weights",
                    "mxfp4-weights", "nvfp4-weights", "nvfp4-tiles"]
OF_ACTIVATIONS = ["nvfp4-activations", "nvfp4-both", "mxfp4-both", "e2m1-both", "int4-both"]
RIVALS = ["weight_mse", "noise_to_signal", "gradient_times_change", "diagonal_fisher", "hessian_trace", "auto_quantize"]
SEEDS = [1, 2, 3]
IMAGE_BATCHES = 32  # of 32 images, each of one target; of the others COMMON's
RESAMPLES = 2000


def training(steps, micro_batch_size, eval_batches):
    return {"steps": steps, "micro_batch_size": micro_batch_size, "eval_batches": eval_batches, "eval_interval": 100000,
            "compute_dtype": "fp32"}


MODELS_CHOSEN_ON = {
    "convnet-small": {
        "model": {"preset": "cnn-small"}, "data": {"source": "images"}, "training": training(150, 32, 64),
        "lr_schedule": {"warmup_steps": 20}},
    # Held out, until its result was the reason for a change.
    "convnet-deep": {
        "model": {"preset": "cnn-small", "channels": [16, 32, 48, 64]}, "data": {"source": "images", "seed": 21},
        "training": training(200, 32, 64), "lr_schedule": {"warmup_steps": 20}},
}
MODELS_HELD_OUT = {
    "convnet-colour": {
        "model": {"preset": "cnn-small", "channels": [32, 48, 48, 64], "image_channels": 3, "num_classes": 12},
        "data": {"source": "images", "seed": 25, "noise": 0.08}, "training": training(250, 32, 64),
        "lr_schedule": {"warmup_steps": 20}},
    "convnet-wide": {
        "model": {"preset": "cnn-small", "channels": [32, 64], "kernel": 5, "image_channels": 3, "num_classes": 20},
        "data": {"source": "images", "seed": 22, "noise": 0.1}, "training": training(200, 32, 64),
        "lr_schedule": {"warmup_steps": 20}},
    "transformer-grouped": {
        "model": {"preset": "micro", "d_model": 64, "num_layers": 3, "num_heads": 4, "num_kv_heads": 2, "d_ff": 160,
                  "sequence_length": 64, "vocab_size": 64, "activation": "swiglu", "tie_embeddings": False},
        "data": {"seed": 23}, "training": training(300, 16, 24), "optimizer": {"learning_rate": 3e-3},
        "lr_schedule": {"warmup_steps": 20}},
    "transformer-text": {
        "model": {"preset": "micro", "d_model": 96, "num_layers": 2, "num_heads": 3, "d_ff": 288, "sequence_length": 96,
                  "vocab_size": 256, "activation": "gelu", "norm": "layernorm"},
        # The guides of this project; their text changes.
        "data": {"source": "text", "paths": [str(pathlib.Path(__file__).resolve().parent.parent / "docs/*.md")],
                 "tokenizer": "bytes"},
        "training": training(300, 8, 48), "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 20}},
    "autoencoder-gelu": {
        "model": {"preset": "autoencoder-16", "layer_sizes": [64, 48, 32, 12, 32, 48, 64], "activation": "gelu"},
        "data": {"source": "vectors", "seed": 24, "intrinsic_dim": 14}, "training": training(1500, 64, 32),
        "lr_schedule": {"warmup_steps": 20}},
}


def document(name, model):
    sensitivity = {**COMMON["sensitivity"], "match": "**", "formats": OF_WEIGHTS_ALONE + OF_ACTIVATIONS}
    if model["model"]["preset"] == "cnn-small":
        sensitivity["micro_batches"] = IMAGE_BATCHES
    return {**COMMON, "name": name, "precision": {"recipes": RECIPES}, **model, "sensitivity": sensitivity}


def differences(pairs, rival, resample, random_numbers):
    """The bootstrap's 95 % interval of Spearman(predicted) - Spearman(rival)."""
    values = []
    for _ in range(RESAMPLES):
        drawn = resample(pairs, random_numbers)
        values.append(spearman(drawn, "predicted") - spearman(drawn, rival))
    values.sort()
    return values[int(0.025 * RESAMPLES)], values[int(0.975 * RESAMPLES)]


def of_pairs(pairs, random_numbers):
    return random_numbers.choices(pairs, k=len(pairs))


def of_layers(pairs, random_numbers):
    layers = {}
    for pair in pairs:
        layers.setdefault((pair["seed"], pair["layer"]), []).append(pair)
    return [pair for layer in random_numbers.choices(list(layers.values()), k=len(layers)) for pair in layer]


def verdict(low, high):
    return "better" if low > 0 else "worse" if high < 0 else "undecided"


def table(pairs):
    """Rows of a Markdown table over clear pairs."""
    own = spearman(pairs, "predicted")
    lines = [f"| **predicted** | {own:.3f} | | | |"]
    for rival in RIVALS:
        random_numbers = random.Random(1)
        theirs = spearman(pairs, rival)
        by_pairs = differences(pairs, rival, of_pairs, random_numbers)
        by_layers = differences(pairs, rival, of_layers, random_numbers)
        lines.append(f"| {SCORES[rival]} | {theirs:.3f} | {own - theirs:+.3f} [{by_pairs[0]:+.3f}, {by_pairs[1]:+.3f}] | "
                     f"[{by_layers[0]:+.3f}, {by_layers[1]:+.3f}] | {verdict(*by_layers)} |")
    return lines


HEAD = ["| score | Spearman | ours less theirs, over pairs | over layers | ours is |", "|---|---|---|---|---|"]


def section(name, pairs):
    clear = [pair for pair in pairs if exceeds(pair)]
    of_weights = [pair for pair in clear if pair["recipe"] in OF_WEIGHTS_ALONE]
    by_seed = ", ".join(f"{spearman([pair for pair in clear if pair['seed'] == seed], 'predicted'):.3f}"
                        for seed in sorted({pair["seed"] for pair in pairs}))
    ratios = sorted(pair["predicted"] / pair["true"] for pair in clear if pair["true"] > 0)
    return [f"## {name}", "", f"{len(pairs)} pairs, {len(clear)} clear; each network alone: {by_seed}. Predicted by true, median: "
            f"{ratios[len(ratios) // 2]:.2f}.", "", *HEAD, *table(clear), "",
            f"Recipes of weights alone, {len(of_weights)} clear pairs:", "", *HEAD, *table(of_weights), ""]


def pairs_of(options, name, model):
    pairs = []
    for seed in options.seeds:
        kept = options.work / f"{name}-{seed}.jsonl"
        if not options.again or not kept.exists():
            measure(options.build.resolve(), options.work.resolve(), document(name, model), seed)
        pairs += [{**pair, "seed": seed} for pair in read(kept)]
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--models", nargs="+", default=list(MODELS_HELD_OUT))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--again", action="store_true", help="read what is measured already")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    models = {**MODELS_CHOSEN_ON, **MODELS_HELD_OUT}
    for name in options.models:
        print("\n".join(section(name, pairs_of(options, name, models[name]))), flush=True)


if __name__ == "__main__":
    main()
