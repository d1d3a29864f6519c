"""Documents of the repository: examples, recorded traces, malformed ones; and how to make them small."""
import json
import pathlib
import random
import re
import struct

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.json"))
TRACES = sorted(path for path in (REPOSITORY / "tests/trainer_traces/cases").glob("*.json") if path.name != "expected.json")
MALFORMED = REPOSITORY / "tests/spec/malformed"

# Strings are matched first, so that "//" within one is no comment.
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.S)


def read(path):
    return json.loads(TOKEN.sub(lambda m: m[0] if m[0].startswith('"') else " ", path.read_text()))


def shrunk(path, folder):
    """An example cut down to seconds on one core, on data that is the same everywhere. Writes it into `folder`."""
    document = read(path)
    document["training"].update(steps=12, micro_batch_size=2, eval_interval=6, eval_batches=2, log_interval=1, compute_dtype="fp32")
    document["model"].update(vocab_size=256, sequence_length=32)
    if document["model"].get("preset") != "micro":
        document["model"].update(d_model=64, num_layers=2, num_heads=4, d_ff=128)
    if document["data"]["source"] == "text":
        document["data"]["paths"] = [write_text(folder)]
    elif document["data"]["source"] == "tokens":
        document["data"]["paths"] = [write_tokens(folder)]
    if "lr_schedule" in document:
        document["lr_schedule"].update(warmup_steps=3)
    document["checkpoint"] = {"interval_steps": 6, "keep_last": 5}
    document["resources"] = {"gpus": 0, "cpu_threads": 1}
    document["seeds"] = document["seeds"][:1]
    target = folder / path.name
    target.write_text(json.dumps(document, indent=1))
    return target, list(document.get("variants", {"default": {}})), document["seeds"][0]


def write_text(folder):
    """A thousand lines of words, in as many small files as a split by documents needs."""
    words = "the of quantize block scale nearest stochastic gradient weight layer rounds to zero and back again".split()
    source = random.Random(4)
    (folder / "corpus").mkdir(exist_ok=True)
    for index in range(40):
        lines = (" ".join(source.choices(words, k=12)) for _ in range(40))
        (folder / "corpus" / f"{index:02}.txt").write_text("\n".join(lines) + "\n")
    return "corpus/*.txt"


def write_tokens(folder):
    source = random.Random(5)
    ids = [source.randrange(256) for _ in range(60_000)]
    (folder / "tokens.bin").write_bytes(struct.pack(f"<{len(ids)}H", *ids))
    return "tokens.bin"


def malformed():
    """(name, document, overrides) of each case of tests/spec/malformed; malformed.h has the file's form."""
    for path in sorted(MALFORMED.glob("*.txt")):
        name, lines, overrides = None, [], []
        for line in path.read_text().split("\n"):
            if line.startswith("### "):
                if name:
                    yield name, "\n".join(lines) + "\n", overrides
                name, lines, overrides = line[4:], [], []
            elif line.startswith("set: "):
                overrides.append(line[5:])
            elif not line.startswith("> "):
                lines.append(line)
        if name:
            yield name, "\n".join(lines), overrides


def with_broken_weights(folder):
    """A recorded trace whose initial weights hold a NaN: its first loss is not finite. Writes it into `folder`."""
    cases = REPOSITORY / "tests/trainer_traces/cases"
    document = read(cases / "baseline.json")
    weights = (cases / document["model"]["initialize_from"]).read_bytes()
    (folder / "broken.safetensors").write_bytes(weights[:-4] + struct.pack("<f", float("nan")))
    document["model"]["initialize_from"] = "broken.safetensors"
    files = {key: [str(cases / path) for path in document["data"][key]] for key in ("paths", "validation_paths")}
    document["data"] = {**document["data"], **files}
    target = folder / "broken-weights.json"
    target.write_text(json.dumps(document, indent=1))
    return target
