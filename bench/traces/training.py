"""Ten steps of a document, with losses, gradient norms and evaluations."""
import torch

from autoencoder import Autoencoder
from convnet import Convnet
from data import training_and_validation
from linear import Products
from optimizers import Optimizers
from transformer import Transformer

KINDS = {"transformer": Transformer, "convnet": Convnet, "autoencoder": Autoencoder}


def evaluate(document, model, records, update):
    """By micro-batches, with the precision of the update: scales of a tensor reach over one of them."""
    size, batches = document["training"]["micro_batch_size"], document["training"]["eval_batches"]
    count = min(len(records), batches * size) if batches else len(records)
    loss = right = 0.0
    model.begin(update)
    with torch.no_grad():
        for first in range(0, count, size):
            numbers = list(range(first, min(first + size, count)))
            batch_loss, batch_right = model.loss(records.take(numbers))
            loss += float(batch_loss) * len(numbers) / count
            right += batch_right * len(numbers) / count
    return {"loss": loss, "accuracy": right}


class Gradients:
    """What is kept between micro-batches, in fp32 or bf16."""

    def __init__(self, document, model):
        self.weights = list(model.weights.values())
        self.bf16 = document["optimizer"]["gradients"] == "bf16"
        self.kept = {}

    def take(self):
        """A micro-batch's gradients, rounded and added to what is kept."""
        for i, weight in enumerate(self.weights):
            if weight.grad is None:
                continue
            new = weight.grad.bfloat16() if self.bf16 else weight.grad
            self.kept[i] = self.kept[i] + new if i in self.kept else new
            weight.grad = None

    def give(self):
        for i, gradient in self.kept.items():
            self.weights[i].grad = gradient.float()

    def clip(self, limit):
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients])).item()
        factor = min(1.0, limit / (norm + 1e-6)) if limit > 0 else 1.0
        for gradient in gradients:
            gradient.mul_(factor)
        return norm


def train_step(document, model, optimizers, records, step):
    training = document["training"]
    size, accumulation = training["micro_batch_size"], training["gradient_accumulation"]
    gradients, total = Gradients(document, model), 0.0
    for weight in model.weights.values():
        weight.grad = None
    model.begin(step)
    for m in range(accumulation):
        first = ((step - 1) * accumulation + m) * size
        loss, _ = model.loss(records.take([(first + row) % len(records) for row in range(size)]))
        (loss / accumulation).backward()
        total += loss.item() / accumulation
        gradients.take()
    gradients.give()
    model.finish_gradients()
    norm = gradients.clip(training["grad_clip_norm"])
    optimizers.step(step)
    return total, norm


def trace(document, order=0):
    """`order`: the seed of the order in which products are summed; see Products."""
    torch.set_num_threads(1)
    model = KINDS[document["model"]["kind"]](document, Products(order))
    records, validation = training_and_validation(document)
    optimizers = Optimizers(document, model)
    steps = document["training"]["steps"]
    result = {"evaluation": evaluate(document, model, validation, 1), "losses": [], "grad_norms": []}
    for step in range(1, steps + 1):
        loss, norm = train_step(document, model, optimizers, records, step)
        result["losses"].append(loss)
        result["grad_norms"].append(norm)
    result["final_evaluation"] = evaluate(document, model, validation, steps)
    return result
