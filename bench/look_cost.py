#!/usr/bin/env python3
"""What looking at operands costs: processor time of fp4-train with and without looks, by turns.

    bench/look_cost.py build/bin/fp4-train [--rounds 5] [--steps 60] [--recipes baseline,fp4,…]

Each round trains the preset "micro" under each recipe with no look at all and with one at every step; the difference is
what one look costs. Prints processor time (user and system, of the whole process), and the share of a step's time that
looks take at the default settings: one at each evaluation, every 100 steps. So rare a look cannot be measured directly on
a machine that others use too: its cost is far below what the same run differs by from one time to the next. The start of
the program, which all runs share, is measured by runs of no steps and taken off. Medians over the rounds.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

NEVER, EACH_STEP = 100000, 1
DEFAULT_INTERVAL = 100
RECIPES = "baseline,fp4,nvfp4,mxfp4,quartet2,ternary"


def document(recipe, steps, stats_interval):
    return {
        "schema_version": 1, "name": "look-cost", "model": {"preset": "micro"}, "data": {"source": "synthetic"},
        "training": {"steps": steps, "eval_batches": 1, "compute_dtype": "fp32", "stats_interval": stats_interval},
        "lr_schedule": {"warmup_steps": min(10, steps)}, "precision": {"default": recipe},
        "resources": {"gpus": 0, "cpu_threads": 1}, "seeds": [1],
    }


def processor_seconds(program, run):
    """Of a whole run of the document `run`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(run, file)
        process = subprocess.Popen([program, path, "--run-dir", os.path.join(folder, "run"), "--device", "cpu"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"{program}: {errors}")
        return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--recipes", default=RECIPES)
    options = parser.parse_args()
    print("| recipe | a step | one look | of the step's time, at the defaults | rounds of `one look` |")
    print("|---|---|---|---|---|")
    for recipe in options.recipes.split(","):
        start = statistics.median(processor_seconds(options.program, document(recipe, 0, 0)) for _ in range(options.rounds))
        steps, looks = [], []
        for _ in range(options.rounds):
            without = processor_seconds(options.program, document(recipe, options.steps, NEVER))
            with_looks = processor_seconds(options.program, document(recipe, options.steps, EACH_STEP))
            steps.append((without - start) / options.steps)
            looks.append((with_looks - without) / options.steps)
        step, look = statistics.median(steps), statistics.median(looks)
        each = ", ".join(f"{1000 * value:.1f}" for value in looks)
        print(f"| {recipe} | {1000 * step:.1f} ms | {1000 * look:.1f} ms | {100 * look / DEFAULT_INTERVAL / step:.2f} % | {each} ms |", flush=True)


if __name__ == "__main__":
    main()
