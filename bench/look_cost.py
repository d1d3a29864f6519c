#!/usr/bin/env python3
"""What looking at operands costs: processor time of fp4-train with and without looks, by turns.

    bench/look_cost.py build/bin/fp4-train [--rounds 3] [--steps 200] [--recipes baseline,fp4,nvfp4]

Each round trains the preset "micro" under each recipe three ways: with no look at all, with the looks that the defaults
make (at each evaluation, every 100 steps), and with one every 10 steps. Prints processor seconds (user and system, of the
whole process) and the shares above the first way; medians over the rounds. The start of the program, which all share, is
measured by runs of no steps and taken off.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

WAYS = {"none": 100000, "default": 0, "every 10": 10}
RECIPES = "baseline,fp4,nvfp4"


def document(recipe, steps, stats_interval):
    return {
        "schema_version": 1, "name": "look-cost", "model": {"preset": "micro"}, "data": {"source": "synthetic"},
        "training": {"steps": steps, "eval_batches": 1, "compute_dtype": "fp32", "stats_interval": stats_interval},
        "lr_schedule": {"warmup_steps": min(10, steps)}, "precision": {"default": recipe},
        "resources": {"gpus": 0, "cpu_threads": 1}, "seeds": [1],
    }


def processor_seconds(program, recipe, steps, stats_interval):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document(recipe, steps, stats_interval), file)
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--recipes", default=RECIPES)
    options = parser.parse_args()
    print("| recipe | looks | ms a step | above none |")
    print("|---|---|---|---|")
    for recipe in options.recipes.split(","):
        start = statistics.median(processor_seconds(options.program, recipe, 0, 0) for _ in range(options.rounds))
        seconds = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way, stats_interval in WAYS.items():
                seconds[way].append(processor_seconds(options.program, recipe, options.steps, stats_interval) - start)
        base = statistics.median(seconds["none"])
        for way in WAYS:
            median = statistics.median(seconds[way])
            print(f"| {recipe} | {way} | {1000 * median / options.steps:.2f} | {100 * (median / base - 1):+.1f} % |")


if __name__ == "__main__":
    main()
