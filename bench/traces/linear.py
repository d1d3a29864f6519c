"""A linear layer whose three products take quantized operands."""
import torch

from operands import dge_slope, quantize, scaled_values


class Noise:
    """Disturbs the products of every linear layer by a little more than fp32 does, to see whether a case stands on an edge."""

    def __init__(self, size, seed):
        self.size, self.generator = size, torch.Generator().manual_seed(seed)

    def __call__(self, product):
        if self.size == 0:
            return product
        scale = self.size * product.pow(2).mean().sqrt()
        return product + scale * torch.randn(product.shape, generator=self.generator)


class Linear(torch.autograd.Function):
    """x (rows, in), weight (out, in)."""

    @staticmethod
    def forward(ctx, x, weight, precision, noise):
        taken = quantize(x, precision.operand("fprop", "activations").options)
        ctx.weight = quantize(weight, precision.operand("fprop", "weights").options)
        ctx.save_for_backward(x, taken, weight)
        ctx.precision, ctx.noise = precision, noise
        return noise(taken @ ctx.weight.T)

    @staticmethod
    def backward(ctx, dy):
        x, taken, weight = ctx.saved_tensors
        dx = dw = None
        if ctx.needs_input_grad[0]:
            left = quantize(dy, ctx.precision.operand("dgrad", "gradients").options)
            right = second_operand(weight, ctx.weight, ctx.precision, "dgrad", "weights")
            dx = ctx.noise(left @ right)
        if ctx.needs_input_grad[1]:
            left = quantize(dy.T.contiguous(), ctx.precision.operand("wgrad", "gradients").options)
            right = second_operand(x, taken, ctx.precision, "wgrad", "activations")
            dw = ctx.noise(left @ right)
        return dx, dw, None, None


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


def finish_gradient(weight, precision):
    """Once, when a step's gradient is complete: what the estimator makes of it."""
    if precision.estimator == "dge" and weight.grad is not None:
        u = scaled_values(weight.detach(), precision.operand("fprop", "weights").options)
        weight.grad.mul_(dge_slope(u, precision.dge_power, precision.dge_cap))
