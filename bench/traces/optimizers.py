"""What updates which tensor: torch's AdamW, AdamW with moments of few bits, Muon; and the schedule of their rates."""
import math

import torch

import small_states
from muon import Muon


def rate_factor(document, step):
    schedule, steps = document["lr_schedule"], document["training"]["steps"]
    warmup, least = schedule["warmup_steps"], schedule["min_factor"]
    if step <= warmup:
        return (step - 1 if schedule["warmup_from_zero"] else step) / warmup
    progress = (step - warmup) / (steps - warmup)
    if schedule["name"] == "cosine":
        return least + (1 - least) * (1 + math.cos(math.pi * progress)) / 2
    if schedule["name"] == "wsd":
        begin = steps - schedule["decay_steps"]
        return 1 - (1 - least) * max(0, step - begin) / schedule["decay_steps"]
    return {"linear": 1 - (1 - least) * progress, "constant": 1.0}[schedule["name"]]


class Optimizers:
    def __init__(self, document, model):
        self.document, self.spec = document, document["optimizer"]
        kind = small_states.KINDS.get(self.spec["states"])
        self.muon, self.small, plain = [], [], {True: [], False: []}
        for name, weight in model.weights.items():
            matrix = weight.dim() >= 2
            decays = matrix or self.spec["weight_decay_on"] == "all"
            if self.spec["name"] == "muon" and matrix and name.startswith(model.body):
                self.muon.append((weight, Muon(self.spec["muon"], model.parts(name))))
            elif kind is not None and kind.fits(weight):
                adamw = small_states.SmallStateAdamW(kind, self.spec["betas"], self.spec["eps"])
                self.small.append((weight, adamw, self.spec["weight_decay"] if decays else 0.0))
            else:
                plain[decays].append(weight)
        groups = [{"params": plain[True], "weight_decay": self.spec["weight_decay"]},
                  {"params": plain[False], "weight_decay": 0.0}]
        self.adamw = torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0,
                                       betas=tuple(self.spec["betas"]), eps=self.spec["eps"])

    def step(self, number):
        factor = rate_factor(self.document, number)
        rate = self.spec["learning_rate"] * factor
        for group in self.adamw.param_groups:
            group["lr"] = rate
        self.adamw.step()
        with torch.no_grad():
            for weight, adamw, decay in self.small:
                if weight.grad is not None:
                    adamw.step(weight, weight.grad, rate, decay)
            for weight, muon in self.muon:
                if weight.grad is not None:
                    muon.step(weight.view(len(weight), -1), weight.grad.view(len(weight), -1),
                              self.spec["muon"]["learning_rate"] * factor)
