"""Records to train on and to evaluate on, in the order of their files."""
import math
import struct

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


def make_images(count, channels, size, classes, seed):
    """Stripes whose direction says the class, and noise. uint8 (count, channels, size, size), and the classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=count)
    y, x = np.mgrid[:size, :size] / size
    angle = np.pi * labels[:, None, None] / classes
    stripes = np.sin(9 * (np.cos(angle) * x + np.sin(angle) * y))
    pixels = 128 + 60 * stripes[:, None] + random.normal(0, 25, (count, channels, size, size))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), labels.astype(np.uint8)


def idx_bytes(values):
    """MNIST's format, of unsigned bytes."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def read_idx(content):
    count = content[3]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * count).reshape(struct.unpack(f">{count}I", content[4:4 + 4 * count]))


class Images:
    """CIFAR-10's records, or a pair of idx files, images first: pixels / 255, channels first, and classes."""

    def __init__(self, document, paths):
        contents = [(document["folder"] / path).read_bytes() for path in paths]
        if paths[0].endswith(".idx"):
            pixels, classes = (read_idx(content) for content in contents)
            pixels = pixels[:, None]
        else:
            records = np.frombuffer(b"".join(contents), np.uint8).reshape(-1, 3073)
            pixels, classes = records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
        self.images = torch.from_numpy(pixels.astype(np.float32)) / 255
        self.classes = torch.from_numpy(classes.astype(np.int64))

    def __len__(self):
        return len(self.images)

    def take(self, numbers):
        return self.images[numbers], self.classes[numbers]

    @staticmethod
    def write(folder, document, steps, seed):
        model, files = document["model"], {}
        for part, count, offset in (("training", records_to_wrap(document, steps), 0), ("validation", 21, 1000)):
            channels, size, classes = model["image_channels"], model["image_size"], model["num_classes"]
            pixels, labels = make_images(count, channels, size, classes, seed + offset)
            name = f"{count}-of-{channels}x{size}x{size}-seed-{seed + offset}"
            if channels == 3:
                contents = {f"cifar-{name}.bin": np.concatenate([labels[:, None], pixels.reshape(count, -1)], 1).tobytes()}
            else:
                contents = {f"images-{name}.idx": idx_bytes(pixels[:, 0]), f"labels-{name}.idx": idx_bytes(labels)}
            for file, content in contents.items():
                (folder / file).write_bytes(content)
            files[part] = list(contents)
        return files


class Vectors:
    """Rows of little-endian fp32 values."""

    def __init__(self, document, paths):
        values = np.concatenate([np.fromfile(document["folder"] / path, "<f4") for path in paths])
        self.rows = torch.from_numpy(values.reshape(-1, document["model"]["layer_sizes"][0]))

    def __len__(self):
        return len(self.rows)

    def take(self, numbers):
        return self.rows[numbers]

    @staticmethod
    def write(folder, document, steps, seed):
        """Near a plane of 6 dimensions, the same for both parts."""
        width, files = document["model"]["layer_sizes"][0], {}
        directions = np.random.default_rng(seed).normal(0, 1, (6, width))
        for part, count, offset in (("training", records_to_wrap(document, steps), 0), ("validation", 21, 1000)):
            random = np.random.default_rng(seed + offset + 1)
            rows = random.normal(0, 1, (count, 6)) @ directions + random.normal(0, 0.05, (count, width))
            files[part] = [f"rows-{count}-of-{width}-seed-{seed + offset}.f32"]
            rows.astype("<f4").tofile(folder / files[part][0])
        return files


def records_to_wrap(document, steps):
    """Fewer than a run takes, so that it begins again."""
    training = document["training"]
    return steps * training["micro_batch_size"] * training.get("gradient_accumulation", 1) * 2 // 3


SOURCES = {"tokens": Windows, "images": Images, "vectors": Vectors}


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
