"""fp4-train: every example (cut down), every recorded trace, resuming, refusals. Hashes of checkpoints, and events."""
import json
import shutil

import documents
import normalize
from record import sha256

BAD_COMMAND_LINES = [
    [], ["absent.json"], ["absent.json", "--run-dir", "run"], ["--run-dir", "run"], ["fp4.json", "--run-dir", "run", "--variant", "fp44"],
    ["fp4.json", "--run-dir", "run"], ["fp4.json", "--run-dir", "run", "--variant", "fp4", "--seed", "99"],
    ["fp4.json", "--run-dir", "run", "--variant", "fp4", "--seed", "x"], ["fp4.json", "--run-dir", "run", "--variant", "fp4", "--device", "tpu"],
    ["fp4.json", "--run-dir", "run", "--variant", "fp4", "--device", "cuda:99"], ["fp4.json", "--run-dir", "run", "--attempt", "0"],
    ["fp4.json", "--run-dir", "run", "--next-seq", "-1"], ["fp4.json", "--run-dir", "run", "--variant", "fp4", "--resume-from", "absent"],
    ["fp4.json", "--run-dir", "fp4.json", "--variant", "fp4"], ["fp4.json", "--run-dir", "run", "--frobnicate"], ["--help"],
]
# Changes of the shrunk examples/fp4.json that fp4-train refuses or that end it early, as JSON merge patches one level deep.
FAULTS = {
    "data absent": {"data": {"paths": ["nowhere/*.txt"]}},
    "data too short": {"data": {"paths": ["short.txt"]}},
    "token file too short": {"data": {"source": "tokens", "paths": ["short.txt"], "split": "window"}},
    "vocabulary too small": {"model": {"vocab_size": 32}},
    "weights absent": {"model": {"initialize_from": "absent.safetensors"}},
    "weights of another model": {"model": {"initialize_from": str(documents.REPOSITORY / "tests/trainer_traces/cases/weights-0.safetensors")}},
    "evaluation only": {"training": {"steps": 0}},
}


def add_run(recorder, name, done, run):
    """Exit status, output, events and the hashes of all checkpoints of one finished process."""
    parts = [f"exit {done.returncode}", normalize.text(done.stdout, recorder.names), "--- stderr", normalize.json_lines(done.stderr, recorder.names)]
    log = run / "events.jsonl"
    parts += ["--- events", normalize.json_lines(log.read_text(), recorder.names) if log.exists() else "absent"]
    for state in sorted(run.glob("checkpoints/*/state.safetensors")):
        parts.append(f"--- {state.parent.name}: {sha256(state)}")
    recorder.add(name, "\n".join(parts))


def train(recorder, name, document, *arguments, run=None):
    run = run or recorder.folder / "runs" / name.replace("/", "-").replace(" ", "-")
    done = recorder.run("fp4-train", document, "--run-dir", run, "--device", "cpu", *arguments)
    add_run(recorder, name, done, run)
    return run


def record_examples(recorder):
    for path in documents.EXAMPLES:
        small, variants, seed = documents.shrunk(path, recorder.folder)
        for variant in variants:
            train(recorder, f"train/{path.stem} {variant}", small, "--variant", variant, "--seed", seed)


def record_resuming(recorder):
    small, variants, seed = documents.shrunk(documents.EXAMPLES[0], recorder.folder)
    run = recorder.folder / "runs" / "resumed"
    choice = ["--variant", variants[-1], "--seed", seed]
    train(recorder, "train/resume: first", small, *choice, run=run)
    train(recorder, "train/resume: completed", small, *choice, run=run)
    train(recorder, "train/resume: other variant", small, "--variant", variants[0], "--seed", seed, run=run)
    log = run / "events.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(True) if json.loads(line)["type"] != "finished"))
    newest = max(run.glob("checkpoints/*"))
    newest.rename(recorder.folder / "kept")
    train(recorder, "train/resume: from the middle", small, *choice, "--attempt", "3", "--next-seq", "1000", run=run)
    log.write_text("".join(line for line in log.read_text().splitlines(True) if json.loads(line)["type"] != "finished"))
    max(run.glob("checkpoints/*/state.safetensors")).write_bytes(b"broken")
    train(recorder, "train/resume: past a broken checkpoint", small, *choice, run=run)
    train(recorder, "train/resume: none", small, *choice, "--resume-from", "none", run=recorder.folder / "runs" / "none")


def record_faults(recorder):
    base, _, seed = documents.shrunk(documents.REPOSITORY / "examples/fp4.json", recorder.folder)
    (recorder.folder / "short.txt").write_text("short")
    for name, changes in FAULTS.items():
        document = json.loads(base.read_text())
        for key, value in changes.items():
            document[key] = {**document.get(key, {}), **value}
        path = recorder.folder / "fault.json"
        path.write_text(json.dumps(document, indent=1))
        train(recorder, f"train/fault {name}", path, "--variant", "fp4", "--seed", seed)
    train(recorder, "train/fault loss not finite", documents.with_broken_weights(recorder.folder))
    for arguments in BAD_COMMAND_LINES:
        recorder.try_out("train/refused " + " ".join(arguments), "fp4-train", *arguments)


def record_malformed(recorder):
    for name, document, overrides in documents.malformed():
        if overrides:
            continue
        path = recorder.folder / "a.json"
        path.write_text(document)
        recorder.try_out(f"train/malformed {name}", "fp4-train", path, "--run-dir", recorder.folder / "runs" / "malformed")


def record(recorder):
    record_examples(recorder)
    for path in documents.TRACES:
        train(recorder, f"train/trace {path.stem}", path)
    record_resuming(recorder)
    record_faults(recorder)
    record_malformed(recorder)
    shutil.rmtree(recorder.folder / "runs", ignore_errors=True)
