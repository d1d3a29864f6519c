"""Images to classes: stages of convolution, RMS norm over channels, ReLU and 2 x 2 mean pooling, then a linear classifier."""
import numpy as np
import torch
import torch.nn.functional as F

from models import Model
from operands import quantize


class QuantizedWeight(torch.autograd.Function):
    """The gradient passes straight through."""

    @staticmethod
    def forward(ctx, weight, operand):
        return quantize(weight.reshape(len(weight), -1), operand).view_as(weight)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def quantizes_weights_alone(precision):
    """The same values in fprop and dgrad and nothing else, with a gradient that passes straight through or not at all."""
    others = (operand for (_, name), operand in precision.operands.items() if name != "weights" or operand.own)
    return precision.estimator in ("straight-through", "none") and all(operand.options is None for operand in others)


class Convnet(Model):
    body = "stages."

    def convolution(self, x, layer):
        """PyTorch's own convolution where the weight alone is quantized, else the three products over unfolded patches."""
        weight, precision, kernel = self.weights[f"{layer}.weight"], self.precision(layer), self.spec["kernel"]
        if self.products.reordered or not quantizes_weights_alone(precision):
            patches = F.unfold(x, kernel, padding=kernel // 2).transpose(1, 2)  # (B, H W, in k k)
            return self.linear(patches, layer).transpose(1, 2).reshape(len(x), -1, *x.shape[2:])
        used = QuantizedWeight.apply(weight, precision.operand("fprop", "weights").options)
        return F.conv2d(x, used, padding=kernel // 2)

    def logits(self, x):
        for i in range(len(self.spec["channels"])):
            x = self.convolution(x, f"stages.{i}.conv")
            x = self.rms_norm(x.movedim(1, -1), f"stages.{i}.norm").movedim(-1, 1)
            x = F.avg_pool2d(F.relu(x), 2)
        return self.linear(x.mean((2, 3)), "classifier")

    def loss(self, batch):
        images, classes = batch
        logits = self.logits(images)
        return F.cross_entropy(logits, classes), (logits.argmax(1) == classes).float().mean().item()

    @staticmethod
    def random_weights(model, random):
        def weight(*shape):
            return random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)

        weights, width = {}, model["image_channels"]
        for i, out in enumerate(model["channels"]):
            weights[f"stages.{i}.conv.weight"] = weight(out, width, model["kernel"], model["kernel"])
            weights[f"stages.{i}.norm.weight"] = (1 + random.normal(0, 0.1, out)).astype(np.float32)
            width = out
        return weights | {"classifier.weight": weight(model["num_classes"], width)}
