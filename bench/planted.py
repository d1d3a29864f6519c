"""Models whose bottleneck is known, since it was put there."""
import array
import dataclasses
import math
import random
from typing import Callable, Optional

COMMON = {
    "schema_version": 1,
    "checkpoint": {"interval_steps": 0, "keep_last": 1, "keep_best": 0},
    "resources": {"gpus": 0, "cpu_threads": 1},
    "sensitivity": {"every": 1000000, "micro_batches": 16, "formats": ["int8", "baseline"], "advise": True},
}
TERNARY = {"ternary-weights": {"weights": "ternary"}}


@dataclasses.dataclass
class Planting:
    document: dict
    planted: str  # in words
    make_data: Optional[Callable] = None  # (folder) writes files there and gives the paths of data.paths

    def document_in(self, folder):
        if self.make_data is None:
            return self.document
        folder.mkdir(parents=True, exist_ok=True)
        return {**self.document, "data": {**self.document["data"], "paths": self.make_data(folder)}}


def autoencoder(name, sizes, data, coarse=(), steps=1500):
    """All layers in eight bits but those of `coarse`, pairs of layer and recipe."""
    return {
        **COMMON, "name": name, "model": {"preset": "autoencoder-16", "layer_sizes": sizes}, "data": {"source": "vectors", **data},
        "training": {"steps": steps, "micro_batch_size": 64, "eval_interval": steps, "eval_batches": 32, "compute_dtype": "fp32"},
        "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 50},
        "precision": {"default": "int8", "recipes": TERNARY, "rules": [{"match": layer, "use": recipe} for layer, recipe in coarse]},
    }


def of_directions(directions, seed):
    return {"seed": seed, "intrinsic_dim": directions}


# What the rules of advice were chosen on: those of examples/, and the one that failed.
CHOSEN_ON = {
    "narrow": Planting(autoencoder("narrow", [64, 32, 4, 32, 64], {}), "four values for eight directions"),
    "coarse": Planting(autoencoder("coarse", [64, 32, 8, 32, 64], {}, [("layers.3", "binary")]), "`layers.3` binary"),
    "both": Planting(autoencoder("both", [64, 32, 4, 32, 64], {}, [("layers.3", "binary")]),
                     "four values for eight directions, `layers.3` binary"),
    "coarse-first": Planting(autoencoder("coarse-first", [48, 24, 6, 24, 48], of_directions(6, 7), [("layers.0", "ternary-weights")]),
                             "`layers.0` ternary"),
}
HELD_OUT = {
    "narrow-56": Planting(autoencoder("narrow-56", [56, 28, 4, 28, 56], of_directions(7, 31)), "four values for seven directions"),
    "narrow-40": Planting(autoencoder("narrow-40", [40, 32, 20, 3, 20, 32, 40], of_directions(6, 32)), "three values for six directions"),
    "coarse-56": Planting(autoencoder("coarse-56", [56, 28, 7, 28, 56], of_directions(7, 33), [("layers.2", "ternary-weights")]),
                          "`layers.2` ternary"),
    "coarse-72": Planting(autoencoder("coarse-72", [72, 36, 9, 36, 72], of_directions(9, 34), [("layers.0", "binary")]),
                          "`layers.0` binary"),
    "coarse-40": Planting(autoencoder("coarse-40", [40, 20, 8, 20, 40], of_directions(8, 35), [("layers.0", "ternary-weights")]),
                          "`layers.0` ternary"),
    "both-56": Planting(autoencoder("both-56", [56, 28, 4, 28, 56], of_directions(7, 36), [("layers.3", "ternary-weights")]),
                        "four values for seven directions, `layers.3` ternary"),
    "both-40": Planting(autoencoder("both-40", [40, 24, 3, 24, 40], of_directions(6, 37), [("layers.0", "binary")]),
                        "three values for six directions, `layers.0` binary"),
}


def orthonormal(random_numbers, count, width):
    """Rows of length one, at right angles (Gram and Schmidt)."""
    rows = []
    while len(rows) < count:
        row = [random_numbers.gauss(0, 1) for _ in range(width)]
        for other in rows:
            product = sum(a * b for a, b in zip(row, other))
            row = [a - product * b for a, b in zip(row, other)]
        length = math.sqrt(sum(a * a for a in row))
        rows.append([a / length for a in row])
    return rows


def harmonics(width, count, rows, seed):
    """Vectors that one angle decides: cosines and sines of 1 to `count` times it, turned. Two values hold the angle, but what
    makes the vector of it is far from linear."""
    def make(folder):
        random_numbers = random.Random(seed)
        basis = orthonormal(random_numbers, 2 * count, width)
        values = array.array("f")
        for _ in range(rows):
            angle = random_numbers.uniform(0, 2 * math.pi)
            waves = [wave(k * angle) for k in range(1, count + 1) for wave in (math.cos, math.sin)]
            values.extend(sum(wave * row[i] for wave, row in zip(waves, basis)) for i in range(width))
        path = folder / "harmonics.f32"
        path.write_bytes(values.tobytes())
        return [str(path)]
    return make


def repeats(files, lines, seed):
    """Text of random words, each said three times, of random length: the next letter is where the last one stood a word ago,
    which a single block cannot look up (Olsson et al., arXiv 2209.11895)."""
    def make(folder):
        random_numbers = random.Random(seed)
        for number in range(files):
            text = []
            for _ in range(lines):
                word = "".join(random_numbers.choices("abcdefghijklmnopqrstuvwxyz", k=random_numbers.randint(6, 16)))
                text.append(word * 3 + "\n")
            (folder / f"repeats-{number}.txt").write_text("".join(text))
        return [str(folder / "repeats-*.txt")]
    return make


def transformer(name, model, data, training, precision):
    return {**COMMON, "name": name, "model": {"preset": "micro", **model}, "data": data,
            "training": {"micro_batch_size": 16, "eval_batches": 32, "eval_interval": training["steps"], "compute_dtype": "fp32", **training},
            "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 50}, "precision": precision}


TOO_SHALLOW = {
    "shallow-decoder": Planting(autoencoder("shallow-decoder", [32, 24, 2, 24, 32], {}, steps=4000),
                                "eight harmonics of an angle, one hidden layer behind the narrowest", harmonics(32, 8, 16384, 41)),
    "shallow-transformer": Planting(
        transformer("shallow-transformer", {"d_model": 64, "num_layers": 1, "num_heads": 4, "d_ff": 128, "sequence_length": 64},
                    {"source": "text", "tokenizer": "bytes"}, {"steps": 1200}, {"default": "int8"}),
        "one block, words said three times", repeats(20, 500, 42)),
}
TRANSFORMERS = {
    "transformer-coarse": Planting(
        transformer("transformer-coarse", {"d_model": 64, "num_layers": 2, "num_heads": 4, "d_ff": 128, "sequence_length": 64,
                                           "vocab_size": 64},
                    {"seed": 43}, {"steps": 500},
                    {"default": "int8", "recipes": TERNARY, "rules": [{"match": "blocks.1.mlp.down", "use": "binary"}]}),
        "`blocks.1.mlp.down` binary"),
}
PLANTINGS = {**CHOSEN_ON, **HELD_OUT, **TOO_SHALLOW, **TRANSFORMERS}
