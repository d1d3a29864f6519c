"""What a comparison says (docs/comparison.md)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

from fp4lab.records import Finding


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """To the reference, paired by seed."""

    mean: float
    ci95: Optional[Interval]    # None: fewer than two pairs
    n: int


@dataclass(frozen=True)
class Verdict:
    kind: str                   # "reference", "better", "worse", "no_worse", "undecided", "failed"
    text: str
    p_holm: Optional[float]
    seeds_needed: Optional[int]


@dataclass(frozen=True)
class VariantComparison:
    name: str
    n: int                      # runs with a final value
    mean: float                 # of nothing where n is 0
    std: Optional[float]
    difference: Optional[Difference]
    accuracy: Optional[float]
    tokens_per_second: Optional[float]
    bits_per_value: Optional[float]
    health: Tuple[Finding, ...]
    num_failed: int
    num_runs: int
    verdict: Optional[Verdict]
    excess_loss: Optional[float]
    weight_bytes: Optional[float]
    train_seconds: Optional[float]
    joules: Optional[float]
    state_bytes: Optional[float]
    peak_bytes: Optional[float]


@dataclass(frozen=True)
class ParetoFront:
    cost: str
    variants: Tuple[str, ...]
    dominated: Tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The variants of an experiment against a reference. Printed, it says the verdicts and the warnings."""

    experiment_id: str
    metric: str
    reference: str
    variants: Tuple[VariantComparison, ...]
    warnings: Tuple[str, ...]
    at: str                     # "steps", "tokens", "time", "bytes"; "unspecified": each run at its end
    at_limit: Optional[float]
    last: int
    margin: float
    fronts: Tuple[ParetoFront, ...]

    def __getitem__(self, variant: str) -> VariantComparison:
        for one in self.variants:
            if one.name == variant:
                return one
        raise KeyError(f"no variant '{variant}'; there are: {', '.join(one.name for one in self.variants)}")

    def __str__(self) -> str:
        lines = [f"{one.name}: {one.verdict.text}" for one in self.variants if one.verdict is not None]
        return "\n".join([*lines, *(f"warning: {text}" for text in self.warnings)])

    def frame(self) -> Any:
        """A row for each variant, as a DataFrame, or as a dict of lists where pandas is missing."""
        from fp4lab.table import as_frame

        def row(one: VariantComparison) -> "dict[str, Any]":
            difference, verdict = one.difference, one.verdict
            interval = None if difference is None else difference.ci95
            return {"variant": one.name, "n": one.n, "mean": one.mean if one.n else None, "std": one.std,
                    "difference": None if difference is None else difference.mean,
                    "ci95_low": None if interval is None else interval.low, "ci95_high": None if interval is None else interval.high,
                    "verdict": None if verdict is None else verdict.kind, "p_holm": None if verdict is None else verdict.p_holm,
                    "accuracy": one.accuracy, "tokens_per_second": one.tokens_per_second, "bits_per_value": one.bits_per_value,
                    "weight_bytes": one.weight_bytes, "train_seconds": one.train_seconds, "joules": one.joules,
                    "state_bytes": one.state_bytes, "peak_bytes": one.peak_bytes}

        rows = [row(one) for one in self.variants]
        return as_frame({name: [r[name] for r in rows] for name in (rows[0] if rows else {"variant": None})})
