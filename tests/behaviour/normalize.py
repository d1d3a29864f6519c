"""What two equal programs may print differently: times, speeds, energy, memory, revisions, process ids, random ids."""
import json
import re

# Values of metrics that depend on the machine's load, not on the program.
MEASURED = {"train/tokens_per_second", "memory/allocated_bytes", "memory/peak_bytes", "memory/activations_bytes",
            "memory/other_bytes", "energy/joules"}
# Keys of JSON objects, at any depth, with what a clock, a process or a random generator gave.
VOLATILE = {"time", "git_revision", "version", "tokens_per_second", "cursor", "pid", "http", "address", "grpc", "created", "started",
            "finished", "create_time", "start_time", "finish_time", "last_seen_time", "seen", "age", "work_dir", "cpu_compute_dtype"}
PLACEHOLDER = "…"

SUBSTITUTIONS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b(\d+d\d+h|\d+h\d+m|\d+m\d+s|\d+(\.\d+)?s)\b( ago)?"), "<interval>"),
    (re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), "<address>"),
    (re.compile(r"\bprocess \d+"), "process <pid>"),
    (re.compile(r"\b\d+(\.\d+)?[kMG]? tok(ens)?/s"), "<speed> tok/s"),
    (re.compile(r"\((unknown|[0-9a-f]{12})(\+changes)?\)"), "(<revision>)"),
    (re.compile(r"\b[\w.-]+:[0-9a-f]{8}\b"), "<worker>"),
    (re.compile(r"(threads? a slot), (bf16|fp32)"), r"\1, <measured>"),
    # A speed's row in a table of metrics.
    (re.compile(r"((?:train/tokens_per_second|memory/(?:allocated|peak|activations|other)_bytes|energy/joules)\b[^\n]*?)\d[\d.]*(e[+-]?\d+)?"), r"\1<measured>"),
]


def text(value, names=()):
    """`names`: pairs of a text and what stands for it, such as folders and ids. Runs of blanks become one: the width of a
    table's column follows the numbers in it."""
    for name, stands_for in names:
        value = value.replace(name, stands_for)
    if "TOK/S" in value:
        value = re.sub(r"(?<= )\d+(\.\d+)?[kMG](?= |$)", "<speed>", value, flags=re.M)
    if "PEAK" in value:
        value = re.sub(r"(?<= )\d+(\.\d+)?[kMGT]?B(?= |$)", "<bytes>", value, flags=re.M)
    for pattern, replacement in SUBSTITUTIONS:
        value = pattern.sub(replacement, value)
    value = re.sub(r"[ \t]+", " ", value)
    return "\n".join(line.rstrip() for line in value.splitlines())


def tree(value):
    """A JSON value without what may differ."""
    if isinstance(value, dict):
        if value.get("name") in MEASURED and "value" in value:
            return {**value, "value": PLACEHOLDER}
        return {key: PLACEHOLDER if key in VOLATILE or key in MEASURED else tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tree(item) for item in value]
    return value


def json_lines(value, names=()):
    """One JSON document, or one object a line, indented so that a difference shows the place."""
    lines = []
    for line in value.splitlines():
        try:
            lines.append(json.dumps(tree(json.loads(line)), indent=1, ensure_ascii=False))
        except ValueError:
            lines.append(line)
    return text("\n".join(lines), names)
