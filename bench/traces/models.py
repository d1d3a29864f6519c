"""What all models have: weights from a file, layers with their precision at the current update."""
import safetensors.numpy
import torch

import estimators
import precision
from linear import Linear


class Model:
    """A kind of model is a file that derives from this, and a row of KINDS in training.py.

    loss(batch) gives the mean loss of a batch and how many of its targets were right; `body` begins the names of the layers
    that precision.default means."""
    body = "blocks."

    def __init__(self, document, products):
        self.document, self.products, self.spec = document, products, document["model"]
        loaded = safetensors.numpy.load_file(document["folder"] / self.spec["initialize_from"])
        self.weights = {name: torch.from_numpy(value.copy()).requires_grad_() for name, value in loaded.items()}
        self.used = {}  # layer -> (its weight, its estimator) at this update
        self.update = 1
        self._add_scales()

    def _add_scales(self):
        """What the layers learn beside their weights."""
        for name, weight in list(self.weights.items()):
            layer = name.removesuffix(".weight")
            if weight.dim() >= 2 and self.precision(layer).estimator == "lsq":
                grid = estimators.GRIDS[self.precision(layer).operand("fprop", "weights").options["format"]]
                self.weights[f"{name}_scale"] = estimators.Learned.initial_scale(weight.detach(), grid)

    def begin(self, update):
        """From now on everything is computed with the precision of this update."""
        self.update, self.used = update, {}
        for name, weight in self.weights.items():
            layer = name.removesuffix(".weight")
            if weight.dim() >= 2:
                weight.requires_grad_(self.precision(layer).estimator != "none")

    def precision(self, layer):
        return precision.precision_of(self.document, layer, layer.startswith(self.body), self.update)

    def linear(self, x, layer, weight=None):
        """y (…, out) of x (…, in). `weight`: the tensor of another layer that this one shares."""
        weight = self.weights[weight or f"{layer}.weight"]
        own = self.precision(layer)
        estimator = estimators.make(own, self.weights.get(f"{layer}.weight_scale"))
        self.used[layer] = weight, estimator
        rows = x.reshape(-1, x.shape[-1])
        y = Linear.apply(rows, weight.reshape(len(weight), -1), own, estimator, self.products)
        return y.view(*x.shape[:-1], -1)

    def rms_norm(self, x, layer):
        square = x.pow(2).mean(-1, keepdim=True) + self.spec["norm_eps"]
        normal = x * torch.rsqrt(square) if self.products.reordered else x / torch.sqrt(square)
        return normal * self.weights[f"{layer}.weight"]

    def finish_gradients(self):
        """Once, when a step's gradients are complete: what the estimators make of them."""
        with torch.no_grad():
            for weight, estimator in self.used.values():
                if estimator is not None and weight.grad is not None:
                    estimator.finish(weight)

    def parts(self, name):
        """Rows of the matrices that a tensor stacks."""
        return [len(self.weights[name])]
