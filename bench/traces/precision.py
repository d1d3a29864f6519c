"""Which quantizer makes which operand of a layer's three products, at a given update.

   fprop Y = X W^T     dgrad dX = dY W     wgrad dW = dY^T X
"""
import copy
import dataclasses
import re

GEMMS = {"fprop": ("activations", "weights"), "dgrad": ("gradients", "weights"), "wgrad": ("gradients", "activations")}

NVFP4 = {"format": "nvfp4", "block": "1x16"}
# The recipes whose rounding is deterministic, or is made so by a rule.
RECIPES = {
    "baseline": {},
    "frozen": {"estimator": "none"},
    "fp4": {"weights": "fp4"},
    "fp4-frozen": {"weights": "fp4", "estimator": "none"},
    "nf4": {"weights": "nf4"},
    "mxfp4-weights": {"weights": "mxfp4"},
    "nvfp4-weights": {"weights": "nvfp4"},
    "int4": {"weights": "int4"},
    "int8": {"weights": "int8"},
    "fp8": {"weights": "fp8_e4m3"},
    "ternary": {"weights": "ternary", "activations": {"format": "int8", "block": "row"}},
    "binary": {"weights": "binary"},
    "nvfp4": {"weights": {"format": "nvfp4", "block": "16x16"}, "activations": NVFP4,
              "gradients": NVFP4 | {"rounding": "stochastic"},
              "wgrad": {"gradients": {"hadamard": 16, "hadamard_signs": "fixed"},
                        "activations": {"hadamard": 16, "hadamard_signs": "fixed"}}},
    "fp4-dge": {"weights": {"format": "e2m1", "block": "row"},
                "activations": {"format": "e2m1", "block": "row", "outlier_quantile": 0.99}, "estimator": "dge"},
}


@dataclasses.dataclass
class Operand:
    options: dict = None  # None: not quantized
    own: bool = False     # quantized for this product, along what it contracts over; else as fprop would


class LayerPrecision:
    """The operands of one layer: operand("dgrad", "weights")."""

    def __init__(self):
        self.operands = {(gemm, name): Operand() for gemm, names in GEMMS.items() for name in names}
        self.estimator, self.dge_power, self.dge_cap = "straight-through", 5.0, 3.0

    def operand(self, gemm, name):
        return self.operands[gemm, name]

    def apply(self, fields):
        """Operands first, then products, whatever their order in the document."""
        for key in ("weights", "activations", "gradients", *GEMMS):
            if key in fields:
                self._apply_operands(key, fields[key])
        for key in ("estimator", "dge_power", "dge_cap"):
            setattr(self, key, fields.get(key, getattr(self, key)))

    def _apply_operands(self, key, value):
        for (gemm, name), operand in self.operands.items():
            if key == name:
                operand.options, operand.own = changed(operand.options, value), False
            elif key == gemm and (isinstance(value, str) or name in value):
                operand.options = changed(operand.options, value if isinstance(value, str) else value[name])
                operand.own = True


def changed(options, value):
    """A format's name starts afresh, and so does an object that names another format; else its options are added."""
    if isinstance(value, str):
        value, options = {"format": value}, None
    elif "format" in value and options is not None and value["format"] != options["format"]:
        options = None
    options = {**(options or {}), **value}
    return None if options["format"] == "none" else options


def matches(pattern, name):
    regex = re.escape(pattern).replace(r"\*\*", "\0").replace(r"\*", "[^.]*").replace("\0", ".*")
    return re.fullmatch(regex, name) is not None


def bundle_of(document, recipe):
    bundle = LayerPrecision()
    bundle.apply(document["precision"]["recipes"].get(recipe) or RECIPES[recipe])
    return bundle


def own_precision(document, layer, in_body):
    """By precision.default and rules."""
    chosen = {"use": document["precision"]["default"] if in_body else "baseline"}
    for rule in document["precision"]["rules"]:
        if matches(rule["match"], layer):
            chosen = rule
    bundle = bundle_of(document, chosen["use"])
    bundle.apply(chosen)
    return bundle


def attention_rounding(document, tensor):
    """The options by which scores or probabilities are rounded, or None: of the last rule whose last segment names them,
    what it makes of the activations of fprop."""
    chosen = None
    for rule in document["precision"]["rules"]:
        if "*" not in rule["match"].rsplit(".", 1)[-1] and matches(rule["match"], tensor):
            chosen = rule
    if chosen is None:
        return None
    bundle = bundle_of(document, chosen["use"])
    bundle.apply(chosen)
    return bundle.operand("fprop", "activations").options


def precision_of(document, layer, in_body, update):
    """With the schedule: the last entry that has begun and matches."""
    bundle = own_precision(document, layer, in_body)
    for entry in reversed(document["precision"]["schedule"]):
        if entry["from_step"] <= update and matches(entry.get("match", "**"), layer):
            bundle = bundle_of(document, entry["use"]) if "use" in entry else copy.deepcopy(bundle)
            bundle.apply(entry)
            break
    return bundle
