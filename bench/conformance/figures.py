"""The figures that fp4-quantize prints, from their definitions, in double."""
import math

import numpy as np


def measure(values, result, bytes_stored):
    with np.errstate(invalid="ignore"):  # signalling NaNs
        x, d = values.reshape(-1).astype(np.float64), result.decoded.astype(np.float64)
    used = np.isfinite(x) & np.isfinite(d)
    x, d = x[used], d[used]
    error = np.abs(x - d)
    nonzero = x != 0
    squares, total = float((error ** 2).sum()), float((x ** 2).sum())
    figures = {
        "mean_abs_error": float(error.mean()) if len(x) else None,
        "max_abs_error": float(error.max()) if len(x) else None,
        "mean_relative_error": float((error[nonzero] / np.abs(x[nonzero])).mean()) if nonzero.any() else None,
        "relative_mse": squares / total if total > 0 else None,
        "sqnr_db": -10 * math.log10(squares / total) if total > 0 and squares > 0 else None,
        "zeros_created": int(((x != 0) & (d == 0)).sum()),
        "clipped": clipped(result),
        "bytes": bytes_stored,
        "bits_per_value": 8.0 * bytes_stored / values.size,
        "tensor_scale": None if result.tensor_scale is None or not np.isfinite(result.tensor_scale) else float(result.tensor_scale),
    }
    return figures


def clipped(result):
    """Values beyond the largest magnitude that their scale reaches: exactly where the scale is a power of two or none,
    by more than a millionth where it is itself a rounded number."""
    if result.reach is None:
        return 0
    slack = 1 if result.exact_reach else 1 + 1e-6
    with np.errstate(invalid="ignore"):
        return int((np.abs(result.encoded.astype(np.float64)) > result.reach.astype(np.float64) * slack).sum())


def same(ours, theirs, floor=0.0, tolerance=1e-9):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return abs(ours - theirs) <= tolerance * max(abs(ours), abs(theirs), floor)
