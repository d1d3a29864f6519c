"""Experiment documents, as far as the recorded cases need them: variants, defaults, nothing is checked."""
import json
import pathlib
import sys

DEFAULTS = {
    "model": {"kind": "transformer", "norm": "rmsnorm", "norm_eps": 1e-6, "dropout": 0.0, "rotary_axis": "sequence",
              "rotary_frequencies": "full", "embedding_scale": False, "num_kv_heads": 0, "sub_norm": False},
    "data": {"validation_paths": []},
    "training": {"gradient_accumulation": 1, "grad_clip_norm": 1.0},
    "optimizer": {"name": "adamw", "betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1, "weight_decay_on": "matrices",
                  "states": "fp32", "gradients": "fp32",
                  "muon": {"learning_rate": 0.02, "momentum": 0.95, "weight_decay": 0.0, "iterations": 5,
                           "scale": "keller", "dtype": "bf16"}},
    "lr_schedule": {"name": "cosine", "min_factor": 0.1, "warmup_from_zero": False},
    "precision": {"default": "baseline", "rules": [], "schedule": [], "recipes": {}},
}


def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def read_document(path, variant=None):
    document = json.loads(pathlib.Path(path).read_text())
    variants = document.pop("variants", {})
    if variants:
        document = merge_patch(document, variants[variant or next(iter(variants))])
    document = merge_patch(DEFAULTS, document)
    model, data = document["model"], document["data"]
    if model["dropout"] != 0 or data.get("shuffle", True):
        sys.exit(f"{path}: needs dropout 0 and shuffle false")
    document["folder"] = pathlib.Path(path).parent
    return document
