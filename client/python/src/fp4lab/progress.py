"""How far runs have come, on the screen: tqdm's bars where it is installed, else one line that is written over."""
from __future__ import annotations

import sys
from typing import Any, Dict, Iterable, Optional, TextIO

from fp4lab.events import Event, MetricsEvent, StateEvent
from fp4lab.records import FINISHED_STATES, STOPPED_BY_SEARCH, Run


class Progress:
    """Counts steps and finished runs from events. The steps of a run that begins again do not count twice."""

    def __init__(self, runs: Iterable[Run]):
        self._steps: Dict[str, int] = {run.id: run.step for run in runs}
        self._states: Dict[str, str] = {run.id: run.state for run in runs}
        self.total_steps = sum(run.total_steps for run in runs)
        self.loss: Optional[float] = None

    def take(self, event: Event) -> None:
        if isinstance(event.data, MetricsEvent):
            self._steps[event.run_id] = max(self._steps.get(event.run_id, 0), event.data.step)
            self.loss = event.data.values.get("train/loss", self.loss)
        elif isinstance(event.data, StateEvent):
            self._states[event.run_id] = "completed" if event.data.reason == STOPPED_BY_SEARCH else event.data.state

    @property
    def steps(self) -> int:
        return sum(self._steps.values())

    def words(self) -> str:
        done = sum(state in FINISHED_STATES for state in self._states.values())
        failed = sum(state in ("failed", "cancelled") for state in self._states.values())
        text = f"{done}/{len(self._states)} runs" + (f", {failed} not completed" if failed else "")
        return text if self.loss is None else f"{text}, train/loss {self.loss:.4f}"


class LineDisplay:
    """One line, written over on a terminal; into a file a line whenever a run ends."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._terminal = stream.isatty()
        self._shown = ""

    def show(self, progress: Progress) -> None:
        if self._terminal:
            text = f"step {progress.steps}/{progress.total_steps}, {progress.words()}"
        else:
            text = progress.words().partition(", train/loss")[0]
        if text == self._shown:
            return
        width = len(self._shown)
        self._stream.write(f"\r{text:<{width}}" if self._terminal else f"{text}\n")
        self._stream.flush()
        self._shown = text

    def close(self) -> None:
        if self._terminal and self._shown:
            self._stream.write("\n")


class BarDisplay:
    """A bar of tqdm's: a widget in a notebook."""

    def __init__(self, bar_class: Any, total: int):
        self._bar = bar_class(total=total, unit="step")

    def show(self, progress: Progress) -> None:
        self._bar.update(progress.steps - self._bar.n)
        self._bar.set_postfix_str(progress.words())

    def close(self) -> None:
        self._bar.close()


def make_display(total_steps: int, stream: Optional[TextIO] = None) -> Any:
    stream = stream or sys.stderr
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return LineDisplay(stream)
    return BarDisplay(tqdm, total_steps)
