"""The decoder-only transformer, written from docs/spec.md's "exact meanings"."""
import math

import numpy as np
import torch
import torch.nn.functional as F

import precision
from models import Model
from operands import quantize


class Rounded(torch.autograd.Function):
    """Rounded along the last dimension; the gradient passes straight through."""

    @staticmethod
    def forward(ctx, values, options):
        return quantize(values.reshape(-1, values.shape[-1]), options).reshape(values.shape)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class Transformer(Model):
    """A batch is windows of tokens (B, T + 1)."""

    @property
    def kv_heads(self):
        return self.spec["num_kv_heads"] or self.spec["num_heads"]

    def parts(self, name):
        if not name.endswith("attention.qkv.weight"):
            return super().parts(name)
        head = self.spec["d_model"] // self.spec["num_heads"]
        return [self.spec["d_model"], self.kv_heads * head, self.kv_heads * head]

    def norm(self, x, layer):
        if self.spec["norm"] == "layernorm":
            x = x - x.mean(-1, keepdim=True)
        return self.rms_norm(x, layer)

    def rotary(self, x):  # (B, heads, T, head_dim)
        if self.spec["rotary_axis"] == "none":
            return x
        heads, length, dim = x.shape[1:]
        if self.spec["rotary_frequencies"] == "full":
            frequencies = [10000 ** (-2 * i / dim) for i in range(dim // 2)]
        else:
            frequencies = [10000 ** (-i / (dim / 4 - 1)) for i in range(dim // 4)] + [0.0] * (dim // 4)
        on_heads = self.spec["rotary_axis"] == "heads"
        positions = torch.arange(heads if on_heads else length, dtype=torch.float64)
        angles = positions[:, None] * torch.tensor(frequencies, dtype=torch.float64)
        angles = angles[:, None, :] if on_heads else angles[None, :, :]
        cos, sin = angles.cos().float(), angles.sin().float()
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * cos + b * sin, b * cos - a * sin], dim=-1)

    def attention_rounding(self, tensor):
        return precision.attention_rounding(self.document, tensor)

    def attention(self, x, block):
        batch, length, width = x.shape
        heads, kv_heads = self.spec["num_heads"], self.kv_heads
        head = width // heads
        q, k, v = self.linear(x, f"{block}.attention.qkv").split(self.parts("attention.qkv.weight"), dim=-1)
        q = self.rotary(q.view(batch, length, heads, head).transpose(1, 2))
        k = self.rotary(k.view(batch, length, kv_heads, head).transpose(1, 2))
        v = v.view(batch, length, kv_heads, head).transpose(1, 2)
        read = [h * kv_heads // heads for h in range(heads)]  # the key/value head of each query head
        scores = q @ k[:, read].transpose(-1, -2) / math.sqrt(head)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        # A key that comes later has no part in the scale of a block.
        scores = Rounded.apply(scores.masked_fill(later, 0), self.attention_rounding(f"{block}.attention.scores"))
        probabilities = scores.masked_fill(later, float("-inf")).softmax(-1)
        probabilities = Rounded.apply(probabilities, self.attention_rounding(f"{block}.attention.probabilities"))
        mixed = probabilities @ v[:, read]
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        if self.spec["sub_norm"]:
            mixed = self.rms_norm(mixed, f"{block}.attention.out_norm")
        return self.linear(mixed, f"{block}.attention.out")

    def mlp(self, x, block):
        up = self.linear(x, f"{block}.mlp.up")
        activation = self.spec["activation"]
        if activation == "swiglu":
            hidden = F.silu(self.linear(x, f"{block}.mlp.gate")) * up
        else:
            hidden = {"silu": F.silu, "gelu": F.gelu, "relu2": lambda y: F.relu(y).square()}[activation](up)
        if self.spec["sub_norm"]:
            hidden = self.rms_norm(hidden, f"{block}.mlp.down_norm")
        return self.linear(hidden, f"{block}.mlp.down")

    def logits(self, inputs):
        table = Rounded.apply(self.weights["embedding.weight"],
                             self.precision("embedding").operand("fprop", "weights").options)
        x = F.embedding(inputs, table)
        if self.spec["embedding_scale"]:
            x = x * math.sqrt(self.spec["d_model"])
        for i in range(self.spec["num_layers"]):
            block = f"blocks.{i}"
            x = x + self.attention(self.norm(x, f"{block}.attention_norm"), block)
            x = x + self.mlp(self.norm(x, f"{block}.mlp_norm"), block)
        x = self.norm(x, "final_norm")
        tied = self.spec["tie_embeddings"]
        return self.linear(x, "lm_head", "embedding.weight" if tied else None)

    def loss(self, windows):
        logits, targets = self.logits(windows[:, :-1]), windows[:, 1:]
        right = (logits.argmax(-1) == targets).sum().item()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten()), right / targets.numel()

    @staticmethod
    def random_weights(model, random):
        """Wider than usual, so that every part of the model matters from the first step."""
        d, d_ff, vocabulary = model["d_model"], model["d_ff"], model["vocab_size"]
        kv = d // model["num_heads"] * (model["num_kv_heads"] or model["num_heads"])

        def matrix(rows, columns):
            return random.normal(0, 0.15, (rows, columns)).astype(np.float32)

        def norm(width=d):
            return (1 + random.normal(0, 0.1, width)).astype(np.float32)

        weights = {"embedding.weight": matrix(vocabulary, d), "final_norm.weight": norm()}
        for i in range(model["num_layers"]):
            block = {"attention_norm": norm(), "attention.qkv": matrix(d + 2 * kv, d), "attention.out": matrix(d, d),
                     "mlp_norm": norm(), "mlp.up": matrix(d_ff, d), "mlp.down": matrix(d, d_ff)}
            if model["activation"] == "swiglu":
                block["mlp.gate"] = matrix(d_ff, d)
            if model["sub_norm"]:
                block |= {"attention.out_norm": norm(), "mlp.down_norm": norm(d_ff)}
            weights.update({f"blocks.{i}.{name}.weight": value for name, value in block.items()})
        if not model["tie_embeddings"]:
            weights["lm_head.weight"] = matrix(vocabulary, d)
        return weights
