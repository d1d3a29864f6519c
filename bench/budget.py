#!/usr/bin/env python3
"""Makes the document of the budget's study: assignments of equal stored bytes, by scores and by rules of thumb.

    cmake --preset release -DFP4_BENCHMARKS=ON && ninja -C build fp4-train sensitivity_truth
    bench/budget.py build /tmp/study ternary-weights > examples/budget.json
    bench/budget.py build /tmp/study nf4 > examples/budget-4-bits.json

Every run trains in full precision up to update DECISION, and from then on within the bytes that the last argument, a
recipe, takes if all layers have it. Trains the model once with a seed of its own, scores each layer under each candidate (sensitivity_truth), and writes a document
whose variants spend these bytes as the budget decides while it trains, and as other rankings say. Each fixed
assignment and its bytes go to the standard error. docs/results/budget.md has what came of it.
"""
import argparse
import json
import math
import pathlib
import random
import subprocess
import sys

CANDIDATES = ["binary", "nf4", "int8"]
RECIPES = {"ternary-weights": {"weights": "ternary"}}
PILOT_SEED = 101
NUM_RANDOM = 5
CLOSE = 0.995  # an assignment of "equal bytes" takes at least this share of the limit
MODEL = {"preset": "micro", "d_model": 64, "num_layers": 4, "num_heads": 4, "d_ff": 256, "sequence_length": 64,
         "vocab_size": 128}
STUDY = {
    "schema_version": 1, "name": "budget", "model": MODEL, "data": {"source": "synthetic"},
    "training": {"steps": 300, "micro_batch_size": 8, "eval_interval": 300, "eval_batches": 96, "log_interval": 20,
                 "compute_dtype": "fp32"},
    "optimizer": {"learning_rate": 3e-3}, "lr_schedule": {"warmup_steps": 20},
    "checkpoint": {"interval_steps": 0, "keep_last": 1, "keep_best": 0},
    "resources": {"gpus": 0, "cpu_threads": 1},
}
DECISION = 240  # the update after which layers get few bits
BUDGET = {"candidates": CANDIDATES, "match": "blocks.**", "from_step": DECISION, "every": 15, "dwell": 15, "micro_batches": 4}


def pilot_scores(build, work):
    """By layer, in the model's order, by candidate what sensitivity_truth says of the pair."""
    document = {**STUDY, "name": "budget-pilot", "seeds": [PILOT_SEED], "precision": {"recipes": RECIPES},
                "sensitivity": {"every": 1000000, "micro_batches": 8, "formats": [*CANDIDATES, *RECIPES], "match": BUDGET["match"]}}
    path, run = work / "pilot.json", work / "pilot"
    path.write_text(json.dumps(document))
    subprocess.run([build / "bin/fp4-train", path, "--run-dir", run], check=True, stderr=subprocess.DEVNULL)
    checkpoint = max((run / "checkpoints").iterdir())
    out = subprocess.run([build / "bin/sensitivity_truth", path, checkpoint, "default", str(PILOT_SEED)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    layers = {}
    for line in out.splitlines():
        pair = json.loads(line)
        layers.setdefault(pair["layer"], {})[pair["recipe"]] = pair
    return layers


def stored_bytes(build, work):
    """By layer and candidate what the layer table says of a document that computes every layer so; weights by layer."""
    sizes, weights = {}, {}
    for recipe in [*CANDIDATES, *RECIPES]:
        path = work / f"uniform-{recipe}.json"
        path.write_text(json.dumps({**STUDY, "precision": {"recipes": RECIPES, "default": recipe}}))
        table = json.loads(subprocess.run([build / "bin/fp4ctl", "validate", path, "-o", "json"], check=True,
                                          stdout=subprocess.PIPE, text=True).stdout)
        for row in table["variants"][0]["layers"]:
            sizes.setdefault(row["layer"], {})[recipe] = row["weight_bytes"]
            weights[row["layer"]] = math.prod(row["shape"])
    return sizes, weights


class Bytes:
    """What assignments take of the limit."""

    def __init__(self, sizes, layers, uniform):
        self.sizes, self.layers = sizes, layers
        self.uniform = {layer: uniform for layer in layers}
        self.limit = self.of(self.uniform)
        self.smallest = {layer: min(CANDIDATES, key=sizes[layer].get) for layer in layers}

    def of(self, assignment):
        return sum(self.sizes[layer][recipe] for layer, recipe in assignment.items())

    def fill(self, assignment, order):
        """Gives each layer in turn the largest candidate for which there is room."""
        assignment = dict(assignment)
        for layer in order:
            for recipe in sorted(CANDIDATES, key=self.sizes[layer].get, reverse=True):
                larger = self.sizes[layer][recipe] > self.sizes[layer][assignment[layer]]
                if larger and self.of({**assignment, layer: recipe}) <= self.limit:
                    assignment[layer] = recipe
                    break
        return assignment


def best(bytes_of, score, at_least=0):
    """The assignment of the least sum of scores that takes at most the limit and at least `at_least` of it; exact."""
    states = {0: (0.0, {})}  # by bytes
    for layer in bytes_of.layers:
        after = {}
        for taken, (total, assignment) in states.items():
            for recipe in CANDIDATES:
                size, value = taken + bytes_of.sizes[layer][recipe], total + score(layer, recipe)
                if size <= bytes_of.limit and (size not in after or value < after[size][0]):
                    after[size] = (value, {**assignment, layer: recipe})
        states = after
    allowed = [state for size, state in states.items() if size >= at_least * bytes_of.limit]
    return min(allowed, key=lambda state: state[0])[1]


def draw(bytes_of, seed):
    """Candidates at random; of those that take nearly all of the limit, the first."""
    source = random.Random(seed)
    while True:
        assignment = {layer: source.choice(CANDIDATES) for layer in bytes_of.layers}
        if CLOSE * bytes_of.limit <= bytes_of.of(assignment) <= bytes_of.limit:
            return assignment


def first(bytes_of, order):
    """The next larger format for the first layers of the order, as many as fit; then for each the largest that fits."""
    assignment = dict(bytes_of.smallest)
    for layer in order:
        uniform = bytes_of.sizes[layer][bytes_of.uniform[layer]]
        high = min((recipe for recipe in CANDIDATES if bytes_of.sizes[layer][recipe] > uniform), key=bytes_of.sizes[layer].get)
        if bytes_of.of({**assignment, layer: high}) > bytes_of.limit:
            break
        assignment[layer] = high
    return bytes_of.fill(assignment, order)


def fixed_assignments(scores, weights, bytes_of):
    def predicted(layer, recipe):
        return scores[layer][recipe]["predicted"]

    layers = bytes_of.layers
    found = {"uniform": bytes_of.uniform}
    for number in range(1, NUM_RANDOM + 1):
        found[f"random-{number}"] = draw(bytes_of, number)
    found["first"] = first(bytes_of, layers)
    found["last"] = first(bytes_of, layers[::-1])
    found["weight-error"] = best(bytes_of, lambda layer, recipe: scores[layer][recipe]["weight_mse"] * weights[layer])
    found["trace"] = best(bytes_of, lambda layer, recipe: scores[layer][recipe]["hessian_trace"])
    found["after-training"] = best(bytes_of, predicted)
    found["inverse"] = best(bytes_of, lambda layer, recipe: -predicted(layer, recipe), CLOSE)
    return found


def from_decision_on(assignment):
    return {"precision": {"schedule": [{"from_step": DECISION + 1, "match": layer, "use": recipe}
                                       for layer, recipe in assignment.items()]}}


def text_of(document, uniform):
    """A field a line, a variant a line."""
    fields = [f'  "{name}": {json.dumps(value)}' for name, value in document.items() if name != "variants"]
    variants = [f'    "{name}": {json.dumps(value)}' for name, value in document["variants"].items()]
    comment = (f"// Full precision up to update {DECISION}, then within the bytes of {uniform}: as the budget decides, and as other\n"
               f"// rankings say. Written by bench/budget.py; docs/results/budget.md has the numbers.\n")
    return comment + "{\n" + ",\n".join(fields) + ',\n  "variants": {\n' + ",\n".join(variants) + "\n  }\n}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("uniform", choices=[*CANDIDATES, *RECIPES])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    build, work = options.build.resolve(), options.work.resolve()
    kept = work / "scores.json"
    if not kept.exists():
        kept.write_text(json.dumps(pilot_scores(build, work), indent=1))
    scores = json.loads(kept.read_text())
    sizes, weights = stored_bytes(build, work)
    bytes_of = Bytes(sizes, list(scores), options.uniform)
    variants = {"baseline": {}}
    for switch in ("hysteresis", "once"):
        budget = {**BUDGET, "weight_bytes": bytes_of.limit, "switch": switch}
        variants["budget" if switch == "hysteresis" else switch] = {"precision": {"budget": budget}}
    for name, assignment in fixed_assignments(scores, weights, bytes_of).items():
        variants[name] = from_decision_on(assignment)
        total = sum(scores[layer][recipe]["predicted"] for layer, recipe in assignment.items() if recipe in scores[layer])
        print(f"{name:<16}{bytes_of.of(assignment):>8} of {bytes_of.limit} bytes, predicted {total:+.4f}: "
              + " ".join(f"{layer.removeprefix('blocks.')}={recipe}" for layer, recipe in assignment.items()), file=sys.stderr)
    document = {**STUDY, "name": f"budget-{options.uniform}", "precision": {"recipes": RECIPES}, "seeds": list(range(1, options.seeds + 1)), "variants": variants}
    print(text_of(document, options.uniform))


if __name__ == "__main__":
    main()
