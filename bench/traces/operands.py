"""One operand of a product: clamped, rotated, quantized and decoded, by the definitions in bench/conformance."""
import pathlib
import sys

import numpy as np
import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "conformance"))
import formats  # noqa: E402

E2M1 = torch.tensor([0, .5, 1, 1.5, 2, 3, 4, 6])


def quantizer_options(operand):
    if operand.get("rounding", "nearest") != "nearest" or operand.get("ms_eden"):
        sys.exit(f"{operand}: only deterministic rounding is implemented here")
    if operand.get("hadamard", 0) and operand.get("hadamard_signs") != "fixed":
        sys.exit(f"{operand}: only the fixed signs are implemented here")
    four_over_six = operand.get("four_over_six", "off")
    return formats.Options(
        block=str(operand.get("block", "")), scale_mode=operand.get("scale_mode", ""),
        four_over_six="" if four_over_six == "off" else four_over_six,
        double_quantization=operand.get("double_quantization", False), headroom=operand.get("headroom", 0.0),
        prescale=operand.get("prescale", 1.0), hadamard=operand.get("hadamard", 0),
        fixed_signs=operand.get("hadamard_signs") == "fixed")


def clamp_rows(values, quantile):
    """Each row to its quantiles 1 - q and q: the values at floor((1 - q) n) and floor(q n) of the sorted row."""
    n = values.shape[1]
    ordered = values.sort(dim=1).values
    low, high = (ordered[:, min(int(np.floor(share * n)), n - 1), None] for share in (1.0 - quantile, quantile))
    return torch.minimum(torch.maximum(values, low), high)


def quantize(values, operand):
    """values (rows, columns), columns the dimension that the product contracts over."""
    if operand is None:
        return values
    quantile = operand.get("outlier_quantile", 0)
    kept = clamp_rows(values, quantile) if quantile else values
    result = formats.quantize(kept.numpy(), operand["format"], quantizer_options(operand))
    decoded = torch.from_numpy(np.ascontiguousarray(result.decoded, np.float32).reshape(values.shape).copy())
    residual = quantile and operand.get("outlier_residual", True)
    return decoded + (values - kept) if residual else decoded


def scaled_values(values, operand):
    """What the encoder rounds: values over their scales."""
    result = formats.quantize(values.numpy(), operand["format"], quantizer_options(operand))
    scale = torch.from_numpy(np.asarray(result.reach, np.float32).reshape(values.shape)) / E2M1[-1]
    return torch.where(scale > 0, values / scale, torch.zeros_like(values))


def dge_slope(u, power, cap):
    """f' = min(cap, |t|^(1/k - 1) / k), t in [-1, 1] the place of u in its cell of the grid (arXiv 2501.17116)."""
    magnitude = u.abs().clamp(max=6)
    cell = (torch.searchsorted(E2M1, magnitude.contiguous(), right=True) - 1).clamp(max=len(E2M1) - 2)
    a, b = E2M1[cell], E2M1[cell + 1]
    t = 2 * (magnitude - a) / (b - a) - 1
    return (t.abs() ** (1 / power - 1) / power).clamp(max=cap)
