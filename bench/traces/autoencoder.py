"""Vectors to the same vectors: linear layers, an activation after each but the first narrowest and the last."""
import numpy as np
import torch.nn.functional as F

from models import Model

ACTIVATIONS = {"silu": F.silu, "gelu": F.gelu, "relu2": lambda x: F.relu(x).square()}


class Autoencoder(Model):
    body = "layers."

    def loss(self, batch):
        """The mean squared error per element; nothing is right or wrong."""
        widths = self.spec["layer_sizes"][1:]
        without = (widths.index(min(widths)), len(widths) - 1)
        x = batch
        for i in range(len(widths)):
            x = self.linear(x, f"layers.{i}")
            if i not in without:
                x = ACTIVATIONS[self.spec["activation"]](x)
        return F.mse_loss(x, batch), 0.0

    @staticmethod
    def random_weights(model, random):
        sizes = model["layer_sizes"]
        return {f"layers.{i}.weight": random.normal(0, np.sqrt(1 / sizes[i]), (sizes[i + 1], sizes[i])).astype(np.float32)
                for i in range(len(sizes) - 1)}
