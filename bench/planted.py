"""Models whose bottleneck is known, since it was put there: documents by name, each with what was planted."""

COMMON = {
    "schema_version": 1,
    "checkpoint": {"interval_steps": 0, "keep_last": 1, "keep_best": 0},
    "resources": {"gpus": 0, "cpu_threads": 1},
    "sensitivity": {"every": 1000000, "micro_batches": 16, "formats": ["int8", "baseline"], "advise": True},
}


def autoencoder(name, sizes, directions, data_seed, coarse=()):
    """All layers in eight bits but those of `coarse`, pairs of layer and recipe."""
    return {
        **COMMON, "name": name, "model": {"preset": "autoencoder-16", "layer_sizes": sizes},
        "data": {"source": "vectors", "seed": data_seed, "intrinsic_dim": directions},
        "training": {"steps": 1500, "micro_batch_size": 64, "eval_interval": 1500, "eval_batches": 32, "compute_dtype": "fp32"},
        "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 50},
        "precision": {"default": "int8", "recipes": {"ternary-weights": {"weights": "ternary"}},
                      "rules": [{"match": layer, "use": recipe} for layer, recipe in coarse]},
    }


# What the rules of advice were chosen on: those of examples/, and the one that failed.
CHOSEN_ON = {
    "narrow": (autoencoder("narrow", [64, 32, 4, 32, 64], 8, 1), "four values for eight directions"),
    "coarse": (autoencoder("coarse", [64, 32, 8, 32, 64], 8, 1, [("layers.3", "binary")]), "`layers.3` binary"),
    "both": (autoencoder("both", [64, 32, 4, 32, 64], 8, 1, [("layers.3", "binary")]),
             "four values for eight directions, `layers.3` binary"),
    "coarse-first": (autoencoder("coarse-first", [48, 24, 6, 24, 48], 6, 7, [("layers.0", "ternary-weights")]), "`layers.0` ternary"),
}
# Two of a kind, made after the rules were fixed.
HELD_OUT = {
    "narrow-56": (autoencoder("narrow-56", [56, 28, 4, 28, 56], 7, 31), "four values for seven directions"),
    "narrow-40": (autoencoder("narrow-40", [40, 32, 20, 3, 20, 32, 40], 6, 32), "three values for six directions"),
    "coarse-56": (autoencoder("coarse-56", [56, 28, 7, 28, 56], 7, 33, [("layers.2", "ternary-weights")]), "`layers.2` ternary"),
    "coarse-72": (autoencoder("coarse-72", [72, 36, 9, 36, 72], 9, 34, [("layers.0", "binary")]), "`layers.0` binary"),
    "coarse-40": (autoencoder("coarse-40", [40, 20, 8, 20, 40], 8, 35, [("layers.0", "ternary-weights")]), "`layers.0` ternary"),
    "both-56": (autoencoder("both-56", [56, 28, 4, 28, 56], 7, 36, [("layers.3", "ternary-weights")]),
                "four values for seven directions, `layers.3` ternary"),
    "both-40": (autoencoder("both-40", [40, 24, 3, 24, 40], 6, 37, [("layers.0", "binary")]),
                "three values for six directions, `layers.0` binary"),
}
PLANTINGS = {**CHOSEN_ON, **HELD_OUT}
