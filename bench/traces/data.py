"""Records to train on and to evaluate on, in the order of their files."""
import math

import numpy as np
import torch


def make_tokens(count, vocabulary, seed):
    """Mostly a walk with a fixed stride, so that there is something to learn."""
    random = np.random.default_rng(seed)
    tokens, last = [], 0
    for _ in range(count):
        last = (last * 7 + 3) % vocabulary if random.random() < 0.7 else int(random.integers(vocabulary))
        tokens.append(last)
    return np.array(tokens, "<u2")


class Windows:
    """Windows of T + 1 tokens from little-endian uint16 ids: window j holds tokens jT … jT + T."""

    def __init__(self, document, paths):
        tokens = np.concatenate([np.fromfile(document["folder"] / path, "<u2") for path in paths])
        length = document["model"]["sequence_length"]
        count = (len(tokens) - 1) // length
        windows = [tokens[j * length:(j + 1) * length + 1] for j in range(count)]
        self.windows = torch.from_numpy(np.stack(windows).astype(np.int64))

    def __len__(self):
        return len(self.windows)

    def take(self, numbers):
        return self.windows[numbers]

    @staticmethod
    def write(folder, document, steps, seed):
        """Writes what a case with this seed trains on, and what it is measured on; gives the names of the files."""
        model, training = document["model"], document["training"]
        per_step = training["micro_batch_size"] * training.get("gradient_accumulation", 1)
        length, vocabulary = model["sequence_length"], model["vocab_size"]
        files = {}
        for part, count, offset in (("training", steps * per_step * length + 1, 0), ("validation", 9 * length + 5, 1000)):
            files[part] = [f"tokens-{count}-of-{vocabulary}-seed-{seed + offset}.bin"]
            make_tokens(count, vocabulary, seed + offset).tofile(folder / files[part][0])
        return files


SOURCES = {"tokens": Windows}


class Part:
    """Some records of a set, by their numbers."""

    def __init__(self, records, first, count):
        self.records, self.first, self.count = records, first, count

    def __len__(self):
        return self.count

    def take(self, numbers):
        return self.records.take([self.first + number for number in numbers])


def training_and_validation(document):
    data = document["data"]
    records = SOURCES[data["source"]](document, data["paths"])
    if data["validation_paths"]:
        return records, SOURCES[data["source"]](document, data["validation_paths"])
    tail = min(max(math.floor(data["validation_fraction"] * len(records) + 0.5), 1), len(records) - 1)
    return Part(records, 0, len(records) - tail), Part(records, len(records) - tail, tail)
