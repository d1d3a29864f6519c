#!/usr/bin/env python3
"""Trains a small Llama on bytes, exports it, and has Hugging Face's own LlamaForCausalLM compute its validation loss again.

    pip install torch transformers                          # into an environment of its own; both are large
    python tests/external/llama.py BIN [--folder DIR]       # BIN: where fp4ctl, fp4-controller, fp4-worker and fp4-train are

A controller and a worker are started for it. Grouped queries, a tied head and an untied one. Prints both losses; ends with 1 where they differ
by more than 1e-5 of themselves, or where transformers reports a tensor that is missing or too many. Not a part of script/test.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from transformers import LlamaForCausalLM

LENGTH = 64
MODELS = {"grouped": {"num_heads": 4, "num_kv_heads": 2, "tie_embeddings": False}, "tied": {"num_heads": 4, "num_kv_heads": 4, "tie_embeddings": True}}


def words(rng, count):
    vocabulary = ["".join(rng.choices("abcdefghij", k=rng.randint(2, 7))) for _ in range(300)]
    return " ".join(rng.choice(vocabulary) for _ in range(count)).encode()


def document(name, folder, model):
    return {"schema_version": 1, "name": name,
            "model": {"preset": "micro", "d_model": 64, "num_layers": 2, "d_ff": 160, "sequence_length": LENGTH, "activation": "swiglu", **model},
            "data": {"source": "text", "tokenizer": "bytes", "paths": [str(folder / "train.txt")], "validation_paths": [str(folder / "validation.txt")]},
            "training": {"steps": 60, "compute_dtype": "fp32", "eval_interval": 60, "micro_batch_size": 8}, "optimizer": {"learning_rate": 3e-3},
            "checkpoint": {"interval_steps": 60}, "resources": {"gpus": 0}, "seeds": [1]}


def loss_by_transformers(exported, text):
    model, report = LlamaForCausalLM.from_pretrained(exported, output_loading_info=True, dtype=torch.float32)
    wrong = {kind: found for kind, found in report.items() if found and not (kind == "missing_keys" and set(found) == {"lm_head.weight"}
                                                                             and model.config.tie_word_embeddings)}
    if wrong:
        sys.exit(f"{exported}: transformers reports {wrong}")
    tokens = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
    windows = torch.stack([tokens[i:i + LENGTH + 1] for i in range(0, len(tokens) - LENGTH, LENGTH)])
    with torch.no_grad():
        logits = model(windows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1).double(), windows[:, 1:].flatten()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.mkdtemp(prefix="fp4-llama-")))
    arguments = parser.parse_args()
    folder, environment = arguments.folder, dict(os.environ, FP4_STATE_DIR=str(arguments.folder / "state"))
    rng, texts = random.Random(4), {"train": 40_000, "validation": 600}
    for name, count in texts.items():
        texts[name] = words(random.Random(4) if name == "train" else rng, count)
        (folder / f"{name}.txt").write_bytes(texts[name])

    def ctl(*words_of_it):
        return subprocess.run([arguments.bin / "fp4ctl", *map(str, words_of_it)], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    ctl("up", "--slots", 1)
    failed = False
    try:
        for name, model in MODELS.items():
            path = folder / f"{name}.json"
            path.write_text(json.dumps(document(name, folder, model)))
            run = json.loads(ctl("submit", path, "-o", "json"))["runs"][0]["id"]
            ctl("wait", run)
            expected = json.loads(ctl("metrics", run, "--name", "val/loss", "-o", "json"))[-1]["value"]
            ctl("checkpoints", "export", run, "--dir", folder / f"exported-{name}")
            found = loss_by_transformers(folder / f"exported-{name}", texts["validation"])
            agree = abs(found - expected) <= 1e-5 * abs(expected)
            failed |= not agree
            print(f"{name}: val/loss {expected:.7f}, by transformers {found:.7f}: {'agree' if agree else 'DIFFER'}")
    finally:
        ctl("down")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
