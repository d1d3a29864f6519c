"""The recorded cases: a name, what it changes of its base document, and where its bounds are wider, why."""

STEPS = 10

# Weights, and the files that data.py's sources write for "training" and "validation", come with the recording.
BASE = {
    "schema_version": 1, "name": "trace",
    "model": {"d_model": 24, "num_layers": 2, "num_heads": 3, "d_ff": 40, "vocab_size": 61, "sequence_length": 16,
              "activation": "silu", "tie_embeddings": True},
    "data": {"source": "tokens", "paths": ["training"], "validation_paths": ["validation"], "shuffle": False},
    "training": {"steps": STEPS, "micro_batch_size": 4, "compute_dtype": "fp32", "eval_interval": STEPS,
                 "eval_batches": 0, "log_interval": 1},
    "optimizer": {"learning_rate": 0.01},
    "lr_schedule": {"name": "cosine", "warmup_steps": 3},
    "resources": {"gpus": 0},
    "seeds": [1],
}

# Products of two quantized operands cancel to nothing but the rounding of fp32 now and then, and Adam makes a whole step of
# that unless its eps is large.
LARGE_EPS = {"eps": 1e-3}
# A model whose every dimension is a multiple of a block of 16, and as few values as that allows: where activations and
# gradients are rounded, each of them may stand on an edge.
BLOCKS_OF_16 = {
    "model": {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 32, "vocab_size": 64, "sequence_length": 8},
    "training": {"micro_batch_size": 2},
    "optimizer": LARGE_EPS,
}
# The same for blocks of 32.
BLOCKS_OF_32 = {
    "model": {"d_model": 32, "num_layers": 1, "num_heads": 4, "d_ff": 32, "vocab_size": 64, "sequence_length": 8},
    "training": {"micro_batch_size": 4},
    "optimizer": LARGE_EPS,
}
# Tensors of 4,096 values and more, which small states need, and others beside them.
LARGE = {"model": {"d_model": 64, "num_layers": 1, "num_heads": 4, "d_ff": 72, "vocab_size": 64}}
UNTIED = {"tie_embeddings": False}
SUB_NORM = {"sub_norm": True}
GROUPED = {"activation": "swiglu", "num_heads": 4, "num_kv_heads": 2}


def recipe(**fields):
    return {"default": "mine", "recipes": {"mine": fields}}


def rule(use="baseline", match="blocks.**", **fields):
    return {"rules": [{"match": match, "use": use, **fields}]}


FP4_HEAD = {"match": "lm_head", "use": "fp4"}
NVFP4 = {"format": "nvfp4", "block": "1x16"}
MXFP4 = {"format": "mxfp4"}
INT8 = {"format": "int8", "block": "row"}
E2M1 = {"format": "e2m1", "block": "row"}
TILES = {"format": "nvfp4", "block": "16x16"}
FIXED = {"hadamard": 16, "hadamard_signs": "fixed"}

WEIGHTS = {
    "baseline": {},
    "fp4": {"precision": {"default": "fp4"}},
    "fp4-frozen": {"precision": {"default": "fp4-frozen"}},
    "frozen": {"precision": {"default": "frozen"}},
    "untied": {"model": UNTIED},
    "fp4-tied-head": {"precision": {"default": "fp4", "rules": [FP4_HEAD]}},
    "fp4-untied-head": {"model": UNTIED, "precision": {"default": "fp4", "rules": [FP4_HEAD]}},
    "fp4-frozen-untied-head": {"model": UNTIED, "precision": {
        "default": "fp4-frozen", "rules": [{"match": "lm_head", "use": "fp4-frozen"}]}},
    "fp4-embedding": {"precision": rule("fp4", "embedding")},
    "fp4-mlp-rules": {"precision": {"rules": [{"match": "blocks.*.mlp.*", "use": "fp4"},
                                              {"match": "blocks.1.**", "use": "baseline"}]}},
    "swiglu": {"model": {"activation": "swiglu"}},
    "fp4-swiglu": {"model": {"activation": "swiglu"}, "precision": {"default": "fp4"}},
    "gelu": {"model": {"activation": "gelu"}},
    "relu2": {"model": {"activation": "relu2"}},
    "layernorm": {"model": {"norm": "layernorm"}},
    "rotary-half-truncated": {"model": {"rotary_frequencies": "half-truncated"}},
    "rotary-heads": {"model": {"rotary_axis": "heads", "rotary_frequencies": "half-truncated"}},
    "rotary-none": {"model": {"rotary_axis": "none"}},
    "embedding-scale": {"model": {"embedding_scale": True}},
    "decay-all": {"optimizer": {"weight_decay": 1.0, "weight_decay_on": "all"}},
    "accumulation": {"training": {"micro_batch_size": 2, "gradient_accumulation": 3}},
    # A large eps: otherwise Adam hardly sees how long the gradient is.
    "clipping": {"training": {"grad_clip_norm": 0.1}, "optimizer": {"eps": 0.01}},
    "no-clipping": {"training": {"grad_clip_norm": 0}, "optimizer": {"eps": 0.01}},
    "linear-from-zero": {"lr_schedule": {"name": "linear", "warmup_from_zero": True, "min_factor": 0.2}},
    "cosine-from-zero": {"lr_schedule": {"warmup_from_zero": True}},
    "wsd": {"lr_schedule": {"name": "wsd", "decay_steps": 4}},
    "constant": {"lr_schedule": {"name": "constant", "warmup_steps": 0}},
    "tail-validation": {"data": {"validation_paths": None, "validation_fraction": 0.15}, "training": {"eval_batches": 3}},
    "wrapping": {"data": {"paths": ["validation"]}},
}

MODELS = {
    "grouped-queries": {"model": {"num_heads": 6, "num_kv_heads": 2}},
    "one-kv-head": {"model": {"num_kv_heads": 1, "rotary_frequencies": "half-truncated"}},
    "grouped-queries-rotary-heads": {"model": {"num_heads": 6, "num_kv_heads": 3, "rotary_axis": "heads"}},
    "swiglu-grouped-queries": {"model": GROUPED},
    "fp4-swiglu-grouped-queries": {"model": GROUPED, "precision": {"default": "fp4"}},
    "sub-norm": {"model": SUB_NORM},
    "sub-norm-of-layernorm": {"model": SUB_NORM | {"norm": "layernorm", "norm_eps": 0.01, "activation": "relu2"}},
    "decay-all-sub-norm": {"model": SUB_NORM, "optimizer": {"weight_decay": 1.0, "weight_decay_on": "all"}},
}

WEIGHT_FORMATS = {
    "nf4": {"precision": {"default": "nf4"}},
    "int4-by-rows": {"precision": rule("int4", weights={"block": "row"})},
    "int8": {"precision": {"default": "int8"}},
    "fp8-weights": {"precision": {"default": "fp8"}},
    "binary": {"precision": {"default": "binary"}},
    "double-quantization": {"precision": rule("fp4", weights={"double_quantization": True})},
}

TERNARY = {
    "ternary": {"precision": {"default": "ternary"}},
    "ternary-sub-norm": {"model": SUB_NORM, "precision": {"default": "ternary"}},
    "ternary-sub-norm-grouped-queries": {"model": SUB_NORM | GROUPED | {"num_heads": 2, "num_kv_heads": 1},
                                         "precision": {"default": "ternary"}},
}

FORMATS_OF_16 = {
    "nvfp4": {"precision": recipe(weights=TILES, activations=NVFP4, gradients=NVFP4)},
    "nvfp4-rotated": {"precision": rule("nvfp4", gradients={"rounding": "nearest"})},
    "nvfp4-rows": {"precision": recipe(weights=NVFP4, activations=NVFP4, gradients=NVFP4)},
    "nvfp4-own": {"precision": recipe(weights=NVFP4, activations=NVFP4, gradients=NVFP4, dgrad={"weights": NVFP4},
                                      wgrad={"activations": NVFP4})},
    # What fprop used consists of few numbers. In nvfp4 again many of them would be exactly half-way; nf4's have odd decimals.
    "from-forward": {"precision": recipe(
        weights="nf4", activations="nf4", gradients=NVFP4, dgrad={"weights": NVFP4 | {"source": "forward"}},
        wgrad={"activations": NVFP4 | {"source": "forward"}})},
    "from-forward-rotated": {"precision": recipe(
        weights="nf4", activations="nf4",
        dgrad={"gradients": NVFP4 | FIXED, "weights": NVFP4 | FIXED | {"source": "forward"}},
        wgrad={"gradients": NVFP4 | FIXED, "activations": NVFP4 | FIXED | {"source": "forward"}})},
    "nvfp4-four-over-six": {"precision": recipe(
        weights=NVFP4 | {"four_over_six": "mse"}, activations=NVFP4 | {"four_over_six": "mae"})},
    "nvfp4-tiles": {"precision": recipe(weights=TILES)},
    "nvfp4-tiles-own-in-dgrad": {"precision": recipe(weights=TILES, dgrad={"weights": TILES})},
    "nvfp4-fprop-alone": {"precision": recipe(fprop="nvfp4")},
    "nvfp4-dgrad-alone": {"precision": recipe(dgrad="nvfp4")},
    "nvfp4-wgrad-alone": {"precision": recipe(wgrad="nvfp4")},
    "nvfp4-all-rotated": {"precision": recipe(**{gemm: {a: NVFP4 | FIXED, b: NVFP4 | FIXED} for gemm, a, b in (
        ("fprop", "activations", "weights"), ("dgrad", "gradients", "weights"), ("wgrad", "gradients", "activations"))})},
    "nvfp4-head": {"model": UNTIED, "precision": recipe(weights=TILES, activations=NVFP4, gradients=NVFP4)
                   | {"rules": [{"match": "lm_head", "use": "mine"}]}},
    "nvfp4-tied-head": {"precision": rule(match="lm_head", weights=TILES, activations=NVFP4, gradients=NVFP4)},
    "nvfp4-embedding": {"precision": rule("nvfp4-weights", "embedding")},
    "nvfp4-accumulation": {"training": {"gradient_accumulation": 3},
                           "precision": rule("nvfp4", gradients={"rounding": "nearest"})},
    "nvfp4-last-micro-batch": {"training": {"micro_batch_size": 4},
                               "precision": rule("nvfp4", gradients={"rounding": "nearest"})},
    "nvfp4-swiglu-grouped-queries": {"model": {"activation": "swiglu", "num_kv_heads": 1},
                                     "precision": rule("nvfp4", gradients={"rounding": "nearest"})},
    "dgrad-in-bf16": {"precision": rule("nvfp4", gradients={"rounding": "nearest"}, dgrad="bf16")},
    "fp8": {"precision": recipe(weights="fp8_e4m3", activations="fp8_e4m3", gradients="fp8_e5m2")},
    "fp8-rows": {"precision": recipe(
        fprop={name: {"format": "fp8_e4m3", "block": "row"} for name in ("activations", "weights")},
        dgrad={"gradients": {"format": "fp8_e4m3", "block": "row"}, "weights": "fp8_e4m3"})},
    "int8-everywhere": {"precision": recipe(
        fprop={"activations": INT8, "weights": INT8}, dgrad={"gradients": INT8, "weights": INT8},
        wgrad={"gradients": INT8, "activations": INT8})},
    "dge": {"precision": recipe(weights=E2M1, estimator="dge")},
    "dge-of-nvfp4": {"precision": recipe(weights=NVFP4, estimator="dge", dge_power=3, dge_cap=2)},
    "fp4-dge": {"precision": rule("fp4-dge", activations={"outlier_quantile": 0.9})},
    "fp4-dge-without-residual": {"precision": rule(
        "fp4-dge", activations={"outlier_quantile": 0.9, "outlier_residual": False})},
    "dge-accumulation": {"training": {"gradient_accumulation": 2}, "precision": rule(
        "fp4-dge", activations="none")},
    "schedule": {"precision": {"default": "fp4-dge", "schedule": [
        {"from_step": 3, "match": "blocks.*.mlp.*", "use": "nvfp4-weights"},
        {"from_step": 5, "fprop": {"activations": "none"}},
        {"from_step": 8, "match": "blocks.*.attention.*", "use": "baseline"}]}},
    "schedule-of-the-last-update": {"precision": {"default": "nvfp4-weights", "schedule": [
        {"from_step": 10, "use": "baseline"}]}},
}

ESTIMATORS = {
    "lsq-of-int4": {"precision": rule("int4", weights={"block": "row"}, estimator="lsq")},
    "lsq-of-e2m1-decay-all": {"precision": recipe(weights=E2M1, estimator="lsq"),
                              "optimizer": {"weight_decay": 1.0}},
    "lsq-of-ternary": {"precision": rule("ternary", estimator="lsq", activations="none")},
    "lsq-accumulation-muon": {"training": {"gradient_accumulation": 2}, "optimizer": {"name": "muon", "muon": {"dtype": "fp32"}},
                              "precision": rule("int4", weights={"block": "row"}, estimator="lsq")},
    "quest-of-int4": {"model": {"d_ff": 128}, "precision": rule(
        "int4", "blocks.*.mlp.down", weights={"block": "row"}, estimator="quest")},
}

FORMATS_OF_32 = {
    "mxfp4": {"precision": recipe(weights=MXFP4, activations=MXFP4, gradients=MXFP4)},
    "mxfp4-own": {"precision": recipe(weights=MXFP4, activations=MXFP4, gradients=MXFP4, dgrad={"weights": MXFP4},
                                      wgrad={"activations": MXFP4})},
    "mxfp4-rotated": {"precision": recipe(
        weights=MXFP4, activations=MXFP4,
        dgrad={"gradients": MXFP4 | FIXED | {"prescale": 0.75}, "weights": FIXED | {"prescale": 0.75}},
        wgrad={"gradients": MXFP4 | FIXED | {"prescale": 0.75}, "activations": FIXED | {"prescale": 0.75}})},
    "mxfp4-scale-modes": {"precision": recipe(
        weights=MXFP4 | {"scale_mode": "rceil"}, activations=MXFP4 | {"scale_mode": "even"},
        gradients=MXFP4 | {"scale_mode": "ceil"})},
    "nvfp4-then-mxfp4-from-forward": {"precision": recipe(
        weights=NVFP4, activations=NVFP4, dgrad={"weights": MXFP4 | {"source": "forward"}},
        wgrad={"activations": MXFP4 | {"source": "forward"}})},
    "mxfp8": {"precision": recipe(fprop="mxfp8", dgrad="mxfp8", wgrad="mxfp8")},
    "quest-of-mxfp4": {"precision": rule("mxfp4-weights", estimator="quest")},
    "dge-of-mxfp4": {"precision": rule("mxfp4-weights", estimator="dge")},
}

# The softmax of one layer stands between few roundings, and Adam's eps is large for the same reason as above.
ATTENTION_BASE = {
    "model": {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 32, "vocab_size": 64, "sequence_length": 16},
    "training": {"micro_batch_size": 2},
    "optimizer": LARGE_EPS,
}
SCORES, PROBABILITIES = "blocks.*.attention.scores", "**.probabilities"
ATTENTION = {
    "attention-scores-int8": {"precision": rule(match=SCORES, activations=INT8)},
    "attention-scores-nvfp4": {"precision": rule(match=SCORES, activations=NVFP4)},
    "attention-probabilities-fp8": {"precision": rule(match=PROBABILITIES, activations={"format": "fp8_e4m3"})},
    "attention-probabilities-nvfp4": {"precision": rule(match=PROBABILITIES, activations=NVFP4)},
    "attention-both-fp4-weights": {"model": {"num_kv_heads": 1}, "training": {"gradient_accumulation": 2},
                                   "precision": {"default": "fp4", "rules": [
                                       {"match": SCORES, "use": "baseline", "activations": INT8},
                                       {"match": PROBABILITIES, "use": "baseline", "activations": NVFP4}]}},
}

MUON = {"name": "muon", "muon": {"dtype": "fp32"}}
MOONLIGHT = {"name": "muon", "muon": {"dtype": "fp32", "scale": "moonlight", "learning_rate": 0.01, "weight_decay": 0.5}}
OPTIMIZERS = {
    "muon-keller": {"optimizer": MUON},
    "muon-moonlight": {"optimizer": MOONLIGHT},
    "muon-grouped-queries": {"model": GROUPED, "optimizer": MUON},
    "muon-fp4-untied": {"model": UNTIED, "optimizer": MUON, "precision": {"default": "fp4"}},
    "muon-accumulation-clipping": {"training": {"gradient_accumulation": 2, "grad_clip_norm": 0.05}, "optimizer": MOONLIGHT},
    "muon-wsd": {"optimizer": MUON, "lr_schedule": {"name": "wsd", "decay_steps": 3}},
    "muon-bf16": {"optimizer": {"name": "muon"}},
    "bf16-gradients": {"model": UNTIED, "training": {"gradient_accumulation": 3, "grad_clip_norm": 0},
                       "optimizer": {"gradients": "bf16"}},
}

SMALL_STATES = {
    "states-8bit": {"optimizer": {"states": "8bit"}},
    "states-4bit": {"optimizer": {"states": "4bit"}},
    "states-fp8": {"optimizer": {"states": "fp8"}},
    "states-8bit-fp4-decay-all": {"optimizer": {"states": "8bit", "weight_decay_on": "all", "weight_decay": 1.0},
                                  "precision": {"default": "fp4"}},
    "states-4bit-muon": {"optimizer": MUON | {"states": "4bit"}},
}

NO_TRANSFORMER = {"d_model": None, "num_layers": None, "num_heads": None, "d_ff": None, "vocab_size": None,
                  "sequence_length": None, "activation": None, "tie_embeddings": None}
INT8_ROWS = recipe(weights=INT8)

CONVNET = {
    "model": NO_TRANSFORMER | {"kind": "convnet", "channels": [8, 10], "kernel": 3, "image_size": 12, "image_channels": 1,
                               "num_classes": 7},
    "data": {"source": "images"},
    "training": {"micro_batch_size": 8},
}
CONVNETS = {
    "convnet": {},
    "convnet-fp4": {"precision": {"default": "fp4"}},
    "convnet-fp4-frozen": {"precision": {"default": "fp4-frozen"}},
    "convnet-int8-rows": {"precision": INT8_ROWS},
    "convnet-accumulation-decay": {"training": {"micro_batch_size": 4, "gradient_accumulation": 2},
                                   "optimizer": {"weight_decay": 1.0}},
    "convnet-muon": {"optimizer": MUON},
    "convnet-muon-moonlight-fp4": {"optimizer": MOONLIGHT, "precision": {"default": "fp4"}},
    "convnet-tail": {"data": {"validation_paths": None, "validation_fraction": 0.25}, "training": {"eval_batches": 1}},
    "convnet-cifar": {"model": {"channels": [4, 8, 8], "kernel": 5, "image_size": 32, "image_channels": 3,
                                "num_classes": 10}, "training": {"micro_batch_size": 2}},
    # The first convolution's patches are 9 wide, the second one's 144: blocks of 16 fit there alone.
    "convnet-nvfp4": {"model": {"channels": [16, 16], "image_size": 4, "num_classes": 4}, "training": {"micro_batch_size": 4},
                      "precision": rule(match="stages.1.*", weights=TILES, activations=NVFP4, gradients=NVFP4)},
}

AUTOENCODER = {
    "model": NO_TRANSFORMER | {"kind": "autoencoder", "layer_sizes": [20, 12, 6, 12, 20], "activation": "silu"},
    "data": {"source": "vectors"},
    "training": {"micro_batch_size": 8},
}
AUTOENCODERS = {
    "autoencoder": {},
    "autoencoder-fp4": {"precision": {"default": "fp4"}},
    "autoencoder-int8-rows": {"precision": INT8_ROWS},
    "autoencoder-first-of-two-narrowest": {"model": {"layer_sizes": [20, 5, 5, 20]}},
    "autoencoder-gelu-wide": {"model": {"layer_sizes": [8, 16, 8], "activation": "gelu"}},
}

# name -> (base, patches by name)
GROUPS = [({}, WEIGHTS), ({}, MODELS), ({}, WEIGHT_FORMATS), (BLOCKS_OF_16, TERNARY), (BLOCKS_OF_16, FORMATS_OF_16),
          (BLOCKS_OF_16, ESTIMATORS), (BLOCKS_OF_32, FORMATS_OF_32),
          (ATTENTION_BASE, ATTENTION), ({}, OPTIMIZERS), (LARGE, SMALL_STATES),
          (CONVNET, CONVNETS), (AUTOENCODER, AUTOENCODERS)]

# What the tests of fp4-train allow too: absolute, gradient norms relative to themselves.
BOUNDS = {"evaluation": 1e-5, "losses": 1e-4, "grad_norms": 1e-3}

# Iterations in bf16, and sums of bf16 gradients, round by what the processor has; no more is known of them.
WIDER = {
    "muon-bf16": {"losses": 2e-3, "grad_norms": 2e-2},
    "bf16-gradients": {"losses": 1e-3, "grad_norms": 1e-2},
}
