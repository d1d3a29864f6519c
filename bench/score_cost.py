#!/usr/bin/env python3
"""What scores of sensitivity and decisions of a budget cost: processor time of fp4-train with and without, by turns.

    bench/score_cost.py build/bin/fp4-train [--rounds 3] [--steps 12] [--model cnn-small]

As look_cost.py, of which the runs are: each round trains the preset "micro" with the section at its defaults but for
`every`, which is each step, and without it; the difference is what one measurement costs, and the share is that at the
default of `every`, 200 updates. The layers of both runs are in nvfp4-weights, and the budget's limit is what that
takes, so that its decisions change next to nothing of what a step costs. Of another model than "micro", whose layers are
then in int8, which fits all of them, scores alone are measured.
"""
import argparse
import statistics

from look_cost import NEVER, document, processor_seconds

DEFAULT_INTERVAL = 200


def with_scores(run):
    return {**run, "sensitivity": {"every": 1}}


def with_budget(run):
    budget = {"weight_bits": 4.51, "every": 1, "from_step": 1, "min_gain": 1e6}
    return {**run, "precision": {**run["precision"], "budget": budget}}


SECTIONS = {"sensitivity": with_scores, "precision.budget": with_budget}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--model", default="micro", help="a preset")
    options = parser.parse_args()
    micro = options.model == "micro"
    recipe = "nvfp4-weights" if micro else "int8"
    sections = SECTIONS if micro else {"sensitivity": with_scores}

    def run_of(steps, stats_interval):
        run = document(recipe, steps, stats_interval)
        return run if micro else {**run, "model": {"preset": options.model}, "data": {}}

    plain = run_of(options.steps, NEVER)

    def seconds(run):
        return processor_seconds(options.program, run)

    start = statistics.median(seconds(run_of(0, 0)) for _ in range(options.rounds))
    steps, costs = [], {name: [] for name in sections}
    for _ in range(options.rounds):
        without = seconds(plain)
        steps.append((without - start) / options.steps)
        for name, add in sections.items():
            # Nothing is measured after the last step of a budget.
            measured = options.steps - (1 if name == "precision.budget" else 0)
            costs[name].append((seconds(add(plain)) - without) / measured)
    step = statistics.median(steps)
    print("| section | a step | one measurement | of the step's time, at the defaults | rounds |")
    print("|---|---|---|---|---|")
    for name, each in costs.items():
        cost = statistics.median(each)
        rounds = ", ".join(f"{1000 * value:.0f}" for value in each)
        print(f"| `{name}` | {1000 * step:.1f} ms | {1000 * cost:.0f} ms | {100 * cost / DEFAULT_INTERVAL / step:.1f} % | {rounds} ms |")


if __name__ == "__main__":
    main()
