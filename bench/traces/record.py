"""Writes the recorded cases, and compares them with what PyTorch makes of them now.

Where activations or gradients are rounded to few numbers, a value may stand so near to the middle between two of them that
the last bit of a sum decides, and ten steps later nothing is the same. A case is therefore recorded on the first tokens
(by the seed that makes them) on which that does not happen: where its numbers stay within a part of the bounds while the
products of the linear layers are summed in other orders."""
import json
import re

import numpy as np
import safetensors.numpy
import torch

import cases
from data import SOURCES
from document import DEFAULTS, merge_patch, read_document
from training import KINDS, trace

ORDERS, PART = 6, 0.2
SEEDS = range(10, 60)


def shapes_key(weights):
    return tuple(sorted((name, value.shape) for name, value in weights.items()))


def all_cases():
    """name -> its document, without files."""
    documents = {}
    for base, group in cases.GROUPS:
        for name, patch in group.items():
            documents[name] = merge_patch(merge_patch(cases.BASE, base), patch)
    return documents


class Recorder:
    """Keeps what is recorded in the folder already."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.weight_files = {shapes_key(safetensors.numpy.load_file(path)): path.name  # one for each set of tensors
                             for path in sorted(folder.glob("weights-*.safetensors"))}
        record = folder / "expected.json"
        self.expected = json.loads(record.read_text())["traces"] if record.exists() else {}

    def weights(self, model):
        weights = KINDS[model["kind"]].random_weights(model, np.random.default_rng(len(self.weight_files)))
        key = shapes_key(weights)
        if key not in self.weight_files:
            file = f"weights-{len(self.weight_files)}.safetensors"
            safetensors.numpy.save_file(weights, self.folder / file)
            (self.folder / file).chmod(0o644)
            self.weight_files[key] = file
        return self.weight_files[key]

    def with_files(self, document, seed):
        model = merge_patch(DEFAULTS["model"], document["model"])
        files = SOURCES[document["data"]["source"]].write(self.folder, document, cases.STEPS, seed)
        data = {key: [file for part in document["data"][key] for file in files[part]]
                for key in ("paths", "validation_paths") if key in document["data"]}
        return merge_patch(document, {"model": {"initialize_from": self.weights(model)}, "data": data})

    def seeds(self, path):
        """First the one that the case has."""
        had = re.search(r"-seed-(\d+)", path.read_text()) if path.exists() else None
        return [int(had[1]), *SEEDS] if had else SEEDS

    def case(self, name, document, bounds):
        """The first seed whose numbers do not hang on the last bit."""
        path = self.folder / f"{name}.json"
        for seed in self.seeds(path):
            path.write_text(json.dumps(self.with_files(document, seed), indent=1) + "\n")
            result = trace(read_document(path))
            others = (trace(read_document(path), order) for order in range(1, ORDERS + 1))
            if all(within(differences(result, other), bounds, PART) for other in others):
                break
        else:
            print(f"{name}: hangs on the last bit with every seed; not recorded", flush=True)
            return
        print(f"{name}: seed {seed}", flush=True)
        self.expected[name] = result | ({"bounds": bounds} if bounds != cases.BOUNDS else {})
        self.write()

    def write(self):
        traces = {name: self.expected[name] for name in all_cases() if name in self.expected}
        text = json.dumps({"torch": torch.__version__, "traces": traces}, indent=1)
        (self.folder / "expected.json").write_text(text + "\n")

    def remove_unused(self):
        used = {"expected.json"}
        for name in all_cases():
            document = json.loads((self.folder / f"{name}.json").read_text())
            data = document["data"]
            used |= {f"{name}.json", document["model"]["initialize_from"], *data["paths"], *data.get("validation_paths", [])}
        for path in self.folder.iterdir():
            if path.name not in used:
                path.unlink()


def record(folder, names):
    """The named cases anew; without names, those that are missing."""
    recorder, documents = Recorder(folder), all_cases()
    for name in names or [name for name in documents if name not in recorder.expected]:
        recorder.case(name, documents[name], cases.BOUNDS | cases.WIDER.get(name, {}))
    recorder.remove_unused()
    return 0 if documents.keys() == recorder.expected.keys() else 1


def differences(recorded, now):
    """By the names of BOUNDS; gradient norms relative to themselves."""
    pairs = {key: list(zip(recorded[key], now[key], strict=True)) for key in ("losses", "grad_norms")}
    pairs["losses"].append((recorded["final_evaluation"]["loss"], now["final_evaluation"]["loss"]))
    return {"evaluation": abs(recorded["evaluation"]["loss"] - now["evaluation"]["loss"]),
            "losses": max(abs(a - b) for a, b in pairs["losses"]),
            "grad_norms": max(abs(a - b) / a for a, b in pairs["grad_norms"])}


def within(values, bounds, part=1.0):
    return all(value <= part * bounds[key] for key, value in values.items())


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())["traces"]
    good = True
    for name, recorded in expected.items():
        found = differences(recorded, trace(read_document(folder / f"{name}.json")))
        if not within(found, recorded.get("bounds", cases.BOUNDS)):
            good = False
            print(f"{name}: " + ", ".join(f"{key} differs by {value:.1e}" for key, value in found.items()))
    print(f"{len(expected)} traces with PyTorch {torch.__version__}: {'as recorded' if good else 'not as recorded'}")
    return 0 if good else 1
