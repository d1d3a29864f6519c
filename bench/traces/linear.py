"""A linear layer whose three products take quantized operands."""
import torch

from operands import quantize


class Products:
    """a @ b. With a seed above 0 its terms are summed in another order, as another processor would: whether a case stands on
    an edge is seen by that. `reordered`: then other arithmetic may take another way to the same values too."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed) if seed > 0 else None

    @property
    def reordered(self):
        return self.generator is not None

    def __call__(self, a, b):
        if not self.reordered:
            return a @ b
        order = torch.randperm(a.shape[1], generator=self.generator)
        first, second = order.chunk(2)
        return a[:, first] @ b[first] + a[:, second] @ b[second]


class Linear(torch.autograd.Function):
    """x (rows, in), weight (out, in). `estimator`: makes the weight of fprop where it has a way of its own."""

    @staticmethod
    def forward(ctx, x, weight, precision, estimator, products):
        taken = quantize(x, precision.operand("fprop", "activations").options)
        if hasattr(estimator, "quantize"):
            ctx.weight = estimator.quantize(weight)
        else:
            ctx.weight = quantize(weight, precision.operand("fprop", "weights").options)
        ctx.save_for_backward(x, taken, weight)
        ctx.precision, ctx.products = precision, products
        return products(taken, ctx.weight.T)

    @staticmethod
    def backward(ctx, dy):
        x, taken, weight = ctx.saved_tensors
        dx = dw = None
        if ctx.needs_input_grad[0]:
            left = quantize(dy, ctx.precision.operand("dgrad", "gradients").options)
            right = second_operand(weight, ctx.weight, ctx.precision, "dgrad", "weights")
            dx = ctx.products(left, right)
        if ctx.needs_input_grad[1]:
            left = quantize(dy.T.contiguous(), ctx.precision.operand("wgrad", "gradients").options)
            right = second_operand(x, taken, ctx.precision, "wgrad", "activations")
            dw = ctx.products(left, right)
        return dx, dw, None, None, None


def second_operand(values, used_in_fprop, precision, gemm, name):
    """W of dgrad or X of wgrad: (contracted, other), from the high-precision values or from what fprop used."""
    operand = precision.operand(gemm, name)
    if not operand.own:
        as_there = operand.options == precision.operand("fprop", name).options
        return used_in_fprop if as_there else quantize(values, operand.options)
    if operand.options is None:
        return values
    source = used_in_fprop if operand.options.get("source") == "forward" else values
    return quantize(source.T.contiguous(), operand.options).T
