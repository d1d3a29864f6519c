"""What happens in a history: drawn from its seed alone."""
import dataclasses
import json
import random

LEASE_SECONDS = 3.0
STEP_MILLISECONDS = 10
NUM_WORKERS = (1, 2)

# Points at which a process is killed: (point, the passing is drawn from 1 to so many).
CONTROLLER_POINTS = (("store.before-commit", 40), ("store.after-commit", 40), ("store.after-reply", 40), ("store.migration", 6),
                     ("artifact.piece", 4), ("artifact.before-rename", 3), ("artifact.after-rename", 3))
WORKER_POINTS = (("worker.spawned", 2), ("worker.piece-sent", 4), ("worker.before-rename", 1))
TRAINER_POINTS = (("trainer.torn-line", 30), ("trainer.before-rename", 3), ("trainer.after-rename", 3))
CALL_POINTS = ("worker.call-lost", "worker.answer-lost", "worker.call-repeated")

# Faults at a time: (kind, weight). Those of a minority of machines need root: faults.py says what it skips.
TIMED = (("kill-controller", 10), ("kill-worker", 8), ("kill-trainer", 6), ("freeze-worker", 12), ("freeze-controller", 3), ("cut", 6),
         ("delay", 5), ("silence", 5), ("partition", 5), ("disk-full-controller", 6), ("disk-full-worker", 4), ("read-only", 4),
         ("torn-wal", 5), ("clock-jump", 5), ("host-lost", 4))


@dataclasses.dataclass
class Submit:
    at: float
    number: int
    document: dict
    twice: bool             # the same request once more, at the same time
    cancel_after: float     # 0: never
    retry: bool


@dataclasses.dataclass
class Fault:
    at: float
    kind: str
    seconds: float = 0.0
    worker: int = 0
    amount: float = 0.0     # of a clock's jump, in seconds
    until_taken: bool = False  # a worker stays frozen until another one trains what it had, however busy the machine is


@dataclasses.dataclass
class Plan:
    seed: int
    num_workers: int
    num_slots: int
    lease_seconds: float
    far: bool               # workers do not see the controller's artifact folder: checkpoints go over gRPC
    state_bytes: int
    submits: list
    faults: list            # by time
    controller_points: list
    worker_points: list     # the trainers' too: they inherit the environment

    def describe(self):
        return json.dumps(dataclasses.asdict(self), indent=1)

    def fault_kinds(self):
        points = [p.split(":")[0] for p in (*self.controller_points, *self.worker_points)]
        return sorted({*(f.kind for f in self.faults), *points, *(["duplicate-submit"] if any(s.twice for s in self.submits) else [])})


def document(name, steps, changes):
    return {"schema_version": 1, "name": name, "model": {"preset": "micro"}, "data": {"source": "synthetic"},
            "training": {"steps": steps, "eval_interval": max(1, steps // 4), "log_interval": 1},
            "optimizer": {"learning_rate": 0.001}, "lr_schedule": {"name": "constant", "warmup_steps": 0},
            "checkpoint": {"interval_steps": max(1, steps // 5)}, "resources": {"gpus": 0}, "retry": {"max_restarts": 100}, **changes}


def draw_document(rng, name):
    steps = rng.choice((12, 24, 48, 160))
    if rng.random() < 0.25:
        method = rng.choice(("random", "asha"))
        search = {"method": method, "metric": "val/loss", "max_trials": 5, "max_concurrent": 2, "seed": rng.randrange(4),
                  "space": {"optimizer.learning_rate": {"type": "log_uniform", "min": 1e-4, "max": 1e-2}}}
        if method == "asha":
            search.update(reduction_factor=2, min_steps=steps // 4)
        return document(name, steps, {"seeds": [1], "search": search})
    return document(name, steps, {"seeds": rng.sample(range(1, 100), rng.randint(1, 3))})


def draw_submits(rng):
    submits = []
    for number in range(rng.randint(1, 3)):
        submits.append(Submit(at=rng.uniform(0, 0.6), number=number, document=draw_document(rng, f"campaign-{number}"),
                              twice=rng.random() < 0.3, cancel_after=rng.uniform(0.1, 0.8) if rng.random() < 0.2 else 0.0,
                              retry=rng.random() < 0.5))
    return submits


def draw_faults(rng):
    faults, kinds = [], [kind for kind, _ in TIMED]
    for kind in rng.choices(kinds, [weight for _, weight in TIMED], k=rng.randint(0, 3)):
        seconds = rng.uniform(0.1, 0.8)
        if kind == "freeze-worker":
            seconds = LEASE_SECONDS + rng.uniform(0.3, 1.2) if rng.random() < 0.75 else rng.uniform(0.2, 2.0)
        elif kind in ("silence", "partition") and rng.random() < 0.4:
            seconds = LEASE_SECONDS + rng.uniform(0.2, 1.0)
        faults.append(Fault(at=rng.uniform(0.1, 1.2), kind=kind, seconds=seconds, worker=rng.randrange(2),
                            amount=rng.choice((-172800, -3600, -5, 5, 3600, 172800))))
    return sorted(faults, key=lambda fault: fault.at)


def draw_points(rng, points, probability):
    return [f"{point}:{rng.randint(1, most)}" for point, most in points if rng.random() < probability]


def draw(seed):
    rng = random.Random(seed)
    calls = [f"{point}:{rng.randint(1, 8)}/{rng.randint(3, 12)}" for point in CALL_POINTS if rng.random() < 0.12]
    plan = Plan(seed=seed, num_workers=rng.choice(NUM_WORKERS), num_slots=rng.choice((1, 2)), lease_seconds=LEASE_SECONDS, far=rng.random() < 0.5,
                state_bytes=rng.choice((4096, 4096, 4096, 1_300_000)), submits=draw_submits(rng), faults=draw_faults(rng),
                controller_points=draw_points(rng, CONTROLLER_POINTS, 0.13),
                worker_points=draw_points(rng, WORKER_POINTS, 0.12) + draw_points(rng, TRAINER_POINTS, 0.1) + calls)
    if rng.random() < 0.25:
        add_takeover(rng, plan)
    for fault in plan.faults:
        fault.worker %= plan.num_workers
    return plan


def add_takeover(rng, plan):
    """A worker falls silent for longer than its lease while another one is there to take the run: both will tell of it."""
    plan.num_workers = 2
    kind = rng.choice(("freeze-worker", "freeze-worker", "silence"))
    first = plan.submits[0]
    first.document = document("campaign-0", 160, {"seeds": rng.sample(range(1, 100), 2)})
    first.cancel_after = 0.0
    plan.faults.insert(0, Fault(at=rng.uniform(0.2, 0.6), kind=kind, seconds=plan.lease_seconds + rng.uniform(0.4, 1.2),
                                worker=rng.randrange(2), amount=-1, until_taken=True))
