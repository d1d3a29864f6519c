"""Runs histories of the fault campaign, several at once, and says what came of them.

  python -m campaign.campaign --histories 1000 --jobs 6 --output FILE.json
"""
import argparse
import collections
import datetime
import json
import multiprocessing
import os
import pathlib
import platform
import subprocess
import sys
import time

PLANTED = {"fencing-off": "store.no-fence", "acknowledge-early": "store.acknowledge-early"}
KEEP = pathlib.Path(os.environ.get("FP4_CAMPAIGN_KEEP", "/tmp/fp4-campaign"))


def run_one(task):
    """In a process of its own; what it gives back can be pickled."""
    from . import plan as plans
    from .history import History
    seed, number, planted = task
    plan = plans.draw(seed)
    history = History(plan, number, PLANTED.get(planted))
    start = time.monotonic()
    violations = history.run()
    seconds = time.monotonic() - start
    kept = None
    if violations:
        kept = str(KEEP / f"seed-{seed}")
        history.keep(pathlib.Path(kept))
    history.remove()
    return {"seed": seed, "violations": violations, "kept": kept, "seconds": seconds, "kinds": plan.fault_kinds(),
            "skipped": history.skipped, "recoveries": history.measured, "searches": history.searches,
            "num_runs": sum(len(s.document["seeds"]) for s in plan.submits)}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


class Summary:
    def __init__(self):
        self.num_histories, self.failed, self.skipped = 0, [], collections.Counter()
        self.kinds = collections.Counter()
        self.recoveries = collections.defaultdict(list)
        self.seconds, self.searches = [], {}

    def add(self, result):
        self.num_histories += 1
        self.seconds.append(result["seconds"])
        self.kinds.update(kind for kind in result["kinds"] if kind not in result["skipped"])
        self.skipped.update(list(result["skipped"]))  # how often each, whatever the reason
        for kind, seconds in result["recoveries"]:
            if seconds is not None:
                self.recoveries[kind].append(seconds)
        for key, values in result["searches"].items():
            known = self.searches.setdefault(key, values)
            shorter = min(len(known), len(values))
            if known[:shorter] != values[:shorter]:
                result["violations"].append(f"a search drew other values than in another history: {key}: {known} {values}")
            if len(values) > len(known):
                self.searches[key] = values
        if result["violations"]:
            self.failed.append(result)

    def figures(self):
        everything = [seconds for group in self.recoveries.values() for seconds in group]
        return {"histories": self.num_histories, "violations": [{"seed": r["seed"], "what": r["violations"]} for r in self.failed],
                "recovery_seconds": {"p50": percentile(everything, 0.5), "p99": percentile(everything, 0.99), "n": len(everything)},
                "history_seconds": {"p50": percentile(self.seconds, 0.5), "max": max(self.seconds, default=None)},
                "faults": {kind: {"histories": count, "recovery_p50": percentile(self.recoveries.get(kind, []), 0.5),
                                  "recovery_p99": percentile(self.recoveries.get(kind, []), 0.99)}
                           for kind, count in sorted(self.kinds.items())},
                "skipped": dict(self.skipped)}


def run(seeds, jobs, planted=None, seconds=None, stop_at_first=False, tell=print):
    """Runs histories of these seeds until they are used up or the time is over; the summary."""
    summary, end = Summary(), time.monotonic() + (seconds or float("inf"))
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, maxtasksperchild=40) as pool:
        tasks = ((seed, 1 + i % 4000, planted) for i, seed in enumerate(seeds))
        window = collections.deque()
        while True:
            while len(window) < jobs + 1 and time.monotonic() < end:
                task = next(tasks, None)
                if task is None:
                    break
                window.append(pool.apply_async(run_one, (task,)))
            if not window:
                break
            result = window.popleft().get()
            summary.add(result)
            if result["violations"]:
                tell(f"seed {result['seed']}: VIOLATED, kept in {result['kept']}")
                for violation in result["violations"]:
                    tell(f"  {violation}")
                if stop_at_first:
                    end = 0
            elif summary.num_histories % 50 == 0:
                tell(f"{summary.num_histories} histories, {len(summary.failed)} violated")
        pool.close()
        pool.join()
    return summary


def seconds_text(value):
    return "" if value is None else f"{value:.2f} s"


def markdown(figures):
    """The figures as the table of docs/reliability.md."""
    recovery, lines = figures["recovery_seconds"], []
    lines.append(f"{figures['histories']:,} histories, {len(figures['violations'])} violations; recovery p50 {seconds_text(recovery['p50'])}, "
                 f"p99 {seconds_text(recovery['p99'])} over {recovery['n']:,} faults. {figures['date']}, {figures['cores']} cores of an "
                 f"{figures['cpu']}, revision {figures['revision']}, seeds from {figures['first_seed']}.\n")
    lines += ["| fault | histories with it | recovery p50 | p99 |", "|---|---|---|---|"]
    for kind, row in figures["faults"].items():
        lines.append(f"| `{kind}` | {row['histories']} | {seconds_text(row['recovery_p50'])} | {seconds_text(row['recovery_p99'])} |")
    return "\n".join(lines)


def conditions():
    revision = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                              cwd=pathlib.Path(__file__).parent).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return {"date": datetime.date.today().isoformat(), "revision": revision, "cpu": cpu, "cores": os.cpu_count()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, help="how many (default: as many as fit into --seconds, else 20)")
    parser.add_argument("--seconds", type=float, help="start no further one after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the next ones count on from it")
    parser.add_argument("--jobs", type=int, default=max(1, 2 * (os.cpu_count() or 1)), help="histories at a time")
    parser.add_argument("--plant", choices=sorted(PLANTED), help="run with this mistake in the controller; stop at the first violation")
    parser.add_argument("--output", type=pathlib.Path, help="write the figures there, as JSON")
    parser.add_argument("--table", type=pathlib.Path, help="print the figures of such a file as a table, and leave")
    parser.add_argument("--plan", action="store_true", help="print what happens in the history of --seed, and leave")
    arguments = parser.parse_args()
    if arguments.table:
        print(markdown(json.loads(arguments.table.read_text())))
        return 0
    if arguments.plan:
        from . import plan as plans
        print(plans.draw(arguments.seed).describe())
        return 0
    number = arguments.histories or (10**9 if arguments.seconds else 20)
    summary = run(range(arguments.seed, arguments.seed + number), arguments.jobs, arguments.plant, arguments.seconds,
                  stop_at_first=bool(arguments.plant), tell=lambda line: print(line, flush=True))
    figures = {**conditions(), "planted": arguments.plant, "first_seed": arguments.seed, **summary.figures()}
    if arguments.output:
        arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    if arguments.plant:
        return 0 if summary.failed else 1
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
