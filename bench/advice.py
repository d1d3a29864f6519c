#!/usr/bin/env python3
"""What advice on capacity predicts beside what training its moves gives: docs/results/bottleneck.md.

    cmake --preset release && ninja -C build fp4-train
    bench/advice.py build /tmp/advice narrow-56 coarse-56 … [--moves 6] [--layers-too] [--seeds 1 2 3]

For each planting: trains the document with each seed, asks fp4-train --advise of each last checkpoint, takes the mean of
the predictions over the seeds, orders the moves as advice does, and trains the first of them with the same steps and seeds.
Prints each move's prediction, the measured fall of val/loss, paired by seed, with the 95 % interval of Student's t, and its
ranks among the trained moves. `all` stands for every planting.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess

from planted import PLANTINGS
from traces.document import merge_patch

STUDENT_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}  # by the number of seeds


class Study:
    """Runs of one planting, each in a folder of its own that an earlier call may have filled."""

    def __init__(self, trainer, work, document):
        self.trainer, self.document = trainer, document
        self.work = work / document["name"]
        self.work.mkdir(parents=True, exist_ok=True)

    def train(self, name, document, seed):
        """The run's folder; trained unless it is complete."""
        path, run = self.work / f"{name}-{seed}.json", self.work / f"{name}-{seed}"
        path.write_text(json.dumps({**document, "seeds": [seed]}))
        subprocess.run([self.trainer, path, "--run-dir", run], check=True, stderr=subprocess.DEVNULL)
        return run

    def loss(self, run):
        losses = []
        for line in (run / "events.jsonl").read_text().splitlines():
            event = json.loads(line)
            if event["type"] == "metrics" and "val/loss" in event["values"]:
                losses.append(event["values"]["val/loss"])
        return losses[-1]

    def advice(self, run, seed):
        checkpoint = max((run / "checkpoints").iterdir())
        out = subprocess.run([self.trainer, self.work / f"base-{seed}.json", "--advise", checkpoint, "-o", "json"],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(out)["moves"]


def mean_moves(by_seed):
    """Of each move the mean over seeds, in the order of advice: by layers, the one with the largest gain first."""
    moves = []
    for move in by_seed[0]:
        same = [next(other for other in moves_of if other["move"] == move["move"]) for moves_of in by_seed]
        gains = [other["gain"] for other in same]
        moves.append({**move, "gain": statistics.mean(gains), "gains": gains})
    largest = {}
    for move in moves:
        largest[move["layer"]] = max(largest.get(move["layer"], -math.inf), move["gain"])
    return sorted(moves, key=lambda move: (-largest[move["layer"]], move["layer"], -move["gain"] / max(move["extra_bytes"], 1)))


def interval(values):
    if len(values) < 2:
        return math.nan
    return STUDENT_95[len(values)] * statistics.stdev(values) / math.sqrt(len(values))


def rank(moves, move, key):
    return 1 + sum(key(other) > key(move) for other in moves)


def study(trainer, work, document, seeds, num_moves, layers_too, only):
    study = Study(trainer, work, document)
    runs = {seed: study.train("base", document, seed) for seed in seeds}
    base = {seed: study.loss(run) for seed, run in runs.items()}
    moves = mean_moves([study.advice(run, seed) for seed, run in runs.items()])
    trained = [move for move in moves if move["gain"] > 0][:num_moves]
    if layers_too:
        trained += [move for move in moves if move["kind"] == "layer" and move not in trained]
    if only:
        trained = [move for move in moves if move["move"] in only]
    for move in trained:
        changed = merge_patch(document, move["change"])
        falls = [base[seed] - study.loss(study.train(move["move"], changed, seed)) for seed in seeds]
        move["measured"], move["interval"] = statistics.mean(falls), interval(falls)
    return base, moves, trained


def tell(name, planted, base, moves, trained):
    losses = list(base.values())
    print(f"## {name}\n\nPlanted: {planted}. val/loss of the seeds: {', '.join(f'{loss:.3e}' for loss in losses)}. Named first: "
          f"`{moves[0]['layer']}`.\n")
    print("| move | bytes | predicted | measured | rank | per byte |\n|---|---|---|---|---|---|")
    for move in trained:
        by_gain = rank(trained, move, lambda other: other["measured"])
        by_byte = rank(trained, move, lambda other: other["measured"] / max(other["extra_bytes"], 1))
        print(f"| `{move['move']}` | {move['extra_bytes']:,} | {move['gain']:.1e} | {move['measured']:.1e} ± {move['interval']:.1e} | "
              f"{by_gain} | {by_byte} |")
    rest = [move["gain"] for move in moves if move not in trained]
    if rest:
        print(f"| the other {len(rest)}, not trained | | at most {max(rest):.1e} | | | |")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("plantings", nargs="+", choices=["all", *PLANTINGS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--moves", type=int, default=6)
    parser.add_argument("--layers-too", action="store_true", help="train each move of one more layer as well, whatever is predicted")
    parser.add_argument("--only", nargs="+", default=[], metavar="MOVE", help="train these moves, whatever is predicted")
    options = parser.parse_args()
    trainer = options.build.resolve() / "bin/fp4-train"
    for name in PLANTINGS if options.plantings == ["all"] else options.plantings:
        planting = PLANTINGS[name]
        document = planting.document_in(options.work.resolve() / "data" / name)
        tell(name, planting.planted, *study(trainer, options.work.resolve(), document, options.seeds, options.moves, options.layers_too, options.only))


if __name__ == "__main__":
    main()
