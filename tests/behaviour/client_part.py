"""fp4ctl and the daemons: documents without a controller, help and refusals of every verb, then a cluster of its own."""
import json

import documents

VERBS = ["up", "down", "status", "submit", "watch", "ls", "describe", "metrics", "compare", "logs", "cancel", "retry", "delete", "validate",
         "schema", "explain", "completion", "version"]
BAD_COMMAND_LINES = [
    [], ["frobnicate"], ["--frobnicate"], ["-o", "yaml", "ls"], ["ls", "--state", "runing"], ["ls", "-o", "yaml"], ["submit"], ["submit", "absent.json"],
    ["validate"], ["validate", "absent.json"], ["validate", "."], ["validate", "a.json", "b.json"], ["explain", "optimiser.learning_rate"],
    ["explain", "precision.rules.use"], ["completion"], ["completion", "tcsh"], ["watch"], ["watch", "k7x2", "--cursor", "-1"], ["metrics"],
    ["compare"], ["delete"], ["up", "--slots", "0"], ["up", "--port", "70000"], ["--controller", "127.0.0.1:1", "ls"],
    ["--controller", "no port:x", "ls"], ["--controller", "127.0.0.1:1", "status"], ["down"],
]
DAEMONS = {
    "fp4-controller": [["--help"], [], ["--data-dir"], ["--data-dir", "d", "--listen", "0.0.0.0:0"], ["--data-dir", "d", "--listen", "x"],
                       ["--data-dir", "d", "--lease-ttl", "1s"], ["--data-dir", "d", "--lease-ttl", "soon"], ["--data-dir", "/proc/none"],
                       ["--frobnicate"]],
    "fp4-worker": [["--help"], [], ["--work-dir"], ["--work-dir", "d", "--slots", "0"], ["--work-dir", "d", "--controller", "10.0.0.1:4404"],
                   ["--work-dir", "d", "--keep-finished", "soon"], ["--work-dir", "d", "--grace", "-1s"], ["--work-dir", "d", "--http", "x"],
                   ["--work-dir", "/proc/none"], ["--work-dir", "d", "--trainer", "absent"], ["--frobnicate"]],
}
OVERRIDES = ["optimizer.learning_rate=3e-4", "training.steps=7", "seeds=[4,5]", "precision.default=nvfp4", "precision.default=fp44",
             "model.d_model=60", "optimizer.learning_rte=1", "=", "name", "variants={}", "model.num_heads=7"]


def fields(schema, path=""):
    """The path of every field that the schema has."""
    for name, field in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        yield below
        yield from fields(field, below)
        if isinstance(field.get("items"), dict):
            yield from fields(field["items"], below)


def record_documents(recorder):
    for path in [*documents.EXAMPLES, *documents.TRACES]:
        for output in ("text", "json"):
            recorder.try_out(f"client/validate {path.parent.name}/{path.stem} {output}", "fp4ctl", "validate", path, "-o", output)
    for override in OVERRIDES:
        recorder.try_out(f"client/validate --set {override}", "fp4ctl", "validate", documents.EXAMPLES[0], "-o", "json", "--set", override)
    for name, document, overrides in documents.malformed():
        chosen = [part for override in overrides for part in ("--set", override)]
        for output in ("text", "json"):
            recorder.try_out(f"client/malformed {name} {output}", "fp4ctl", "validate", "-", "-o", output, *chosen, input=document)


def record_texts(recorder):
    recorder.try_out("client/schema", "fp4ctl", "schema")
    schema = json.loads(recorder.run("fp4ctl", "schema").stdout)
    recorder.try_out("client/explain", "fp4ctl", "explain")
    for field in fields(schema):
        recorder.try_out(f"client/explain {field}", "fp4ctl", "explain", field)
    recorder.try_out("client/help", "fp4ctl", "--help")
    for verb in VERBS:
        recorder.try_out(f"client/help {verb}", "fp4ctl", verb, "--help")
    for shell in ("bash", "zsh", "fish"):
        recorder.try_out(f"client/completion {shell}", "fp4ctl", "completion", shell)


def record_refusals(recorder):
    away = {"FP4_STATE_DIR": str(recorder.folder / "no-state")}
    for arguments in BAD_COMMAND_LINES:
        recorder.try_out("client/refused " + " ".join(arguments), "fp4ctl", *arguments, environment=away)
    for program, lines in DAEMONS.items():
        for arguments in lines:
            recorder.try_out(f"daemon/{program} " + " ".join(arguments), program, *arguments)


class Cluster:
    """`fp4ctl up` with one slot, so that runs come one after the other. Ids become names in the order in which they appear."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.environment = {"FP4_STATE_DIR": str(recorder.folder / "state")}

    def ctl(self, name, *arguments, **options):
        done = self.recorder.run("fp4ctl", *arguments, environment=self.environment, **options)
        if name:
            self.recorder.add_process(f"cluster/{name}", done, json="json" in arguments)
        return done

    def submit(self, name, path, *arguments):
        """Submits and gives the ids; the records call them by experiment and variant from now on."""
        done = self.ctl(None, "submit", path, "-o", "json", *arguments)
        if done.returncode == 0:
            made = json.loads(done.stdout)
            self.recorder.names.append((made["experiment"], f"<{name}>"))
            for run in made["runs"]:
                self.recorder.names.append((run["id"], f"<{name} {run['variant']} {run['seed']}>"))
            # An id of a run may begin with the experiment's: the longer one is replaced first.
            self.recorder.names.sort(key=lambda pair: -len(pair[0]))
        self.recorder.add_process(f"cluster/submit {name}", done, json=True)
        return json.loads(done.stdout) if done.returncode == 0 else None


def record_views(cluster, name, made):
    experiment = made["experiment"]
    for output in ("text", "json"):
        cluster.ctl(f"{name}: describe {output}", "describe", experiment, "-o", output)
        cluster.ctl(f"{name}: compare {output}", "compare", experiment, "-o", output)
        cluster.ctl(f"{name}: runs {output}", "ls", experiment, "-o", output)
        for run in made["runs"]:
            label = f"{run['variant']} {run['seed']}"
            cluster.ctl(f"{name}: describe {label} {output}", "describe", run["id"], "-o", output)
            cluster.ctl(f"{name}: logs {label} {output}", "logs", run["id"], "-o", output)
            cluster.ctl(f"{name}: metrics {label} {output}", "metrics", run["id"], "--name", "train/loss", "-o", output)
        for metric in ("val/loss", "train/loss", "val/perplexity", "no/such"):
            cluster.ctl(f"{name}: metrics {metric} {output}", "metrics", experiment, "--name", metric, "-o", output)
        cluster.ctl(f"{name}: metrics {output}", "metrics", experiment, "-o", output)


def record_cluster(recorder):
    cluster = Cluster(recorder)
    document, _, _ = documents.shrunk(documents.REPOSITORY / "examples/synthetic.json", recorder.folder)
    try:
        cluster.ctl("up", "up", "--slots", "1")
        cluster.ctl("up again", "up", "--slots", "1")
        cluster.ctl("ls of nothing", "ls")
        cluster.ctl("submit --dry-run", "submit", document, "--dry-run")
        cluster.ctl("submit --dry-run json", "submit", document, "--dry-run", "-o", "json")
        cluster.ctl("submit a bad one", "submit", document, "--set", "optimizer.learning_rate=-1")
        made = cluster.submit("trained", document, "--set", "seeds=[1,2]")
        cluster.ctl("watch json", "watch", made["experiment"], "-o", "json")
        cluster.ctl("watch text", "watch", made["experiment"])
        record_views(cluster, "trained", made)
        failed = cluster.submit("failed", documents.with_broken_weights(recorder.folder), "--set", "retry.max_restarts=0")
        cluster.ctl("failed: watch", "watch", failed["experiment"], "-o", "json")
        record_views(cluster, "failed", failed)
        for verb, arguments in {"cancel": [], "retry": [], "delete": ["--yes"], "describe": [], "watch": [], "logs": [], "metrics": [], "compare": []}.items():
            cluster.ctl(f"{verb} of an unknown id", verb, "zzzz", *arguments)
        for verb in ("cancel", "retry"):
            cluster.ctl(f"{verb} of what has completed", verb, made["experiment"])
        for output in ("text", "json"):
            cluster.ctl(f"ls {output}", "ls", "-o", output)
            cluster.ctl(f"ls --runs {output}", "ls", "--runs", "-o", output)
            cluster.ctl(f"status {output}", "status", "-o", output)
        cluster.ctl("delete", "delete", failed["experiment"], "--yes")
    finally:
        cluster.ctl("down", "down")


def record(recorder):
    record_documents(recorder)
    record_texts(recorder)
    record_refusals(recorder)
    record_cluster(recorder)
