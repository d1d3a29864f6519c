"""Columns of numbers, as a DataFrame where pandas is installed."""
from __future__ import annotations

from typing import Any, Dict, List


def as_frame(columns: Dict[str, List[Any]]) -> Any:
    """A pandas DataFrame; the columns themselves where pandas is missing."""
    try:
        import pandas
    except ImportError:
        return columns
    return pandas.DataFrame(columns)
