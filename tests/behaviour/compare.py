"""Compares what two builds do. See docs/testing.md. Usage:
  script/compare_behaviour OLD NEW [--expected FILE] [--only PREFIX]   folders of binaries, or files written by --record
  script/compare_behaviour --record FILE BIN [--only PREFIX]           writes down what BIN does, to compare with later
Exit status: 0 they do the same, but for what is expected; 1 a difference; 2 usage."""
import argparse
import difflib
import fnmatch
import json
import pathlib
import re
import sys
import time
import tomllib

import client_part
import quantize_part
import trainer_part
from record import Recorder

PARTS = {"quantize": quantize_part, "client": client_part, "train": trainer_part}
SHOWN_LINES = 40


def record(binaries, only):
    begin = time.monotonic()
    interactive = sys.stderr.isatty()
    recorder = Recorder(binaries, lambda name: interactive and print(f"\r\033[K{len(recorder.items)} {name[:100]}", end="", file=sys.stderr))
    try:
        for name, part in PARTS.items():
            if name.startswith(only):
                part.record(recorder)
    finally:
        recorder.close()
        if interactive:
            print("\r\033[K", end="", file=sys.stderr)
    print(f"{binaries}: {len(recorder.items)} items in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return recorder.items


def items_of(source, only):
    """`source`: a folder of binaries, or a file written by --record."""
    path = pathlib.Path(source)
    if path.is_dir():
        return record(path, only)
    items = json.loads(path.read_text())
    return {name: text for name, text in items.items() if part_of(name).startswith(only)}


def part_of(item):
    prefix = item.split("/", 1)[0]
    return {"daemon": "client", "cluster": "client"}.get(prefix, prefix)


def changed_lines(old, new):
    """The lines that only one of two texts has, as in a unified diff."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", n=2, lineterm="")
    return list(lines)[2:]


class Expected:
    """The differences that are wanted. A TOML file of [[difference]] tables: `item`, a pattern of item names as in a shell;
    `lines`, a regular expression that each changed line must contain (default: any line); `reason`."""

    def __init__(self, path):
        self.rows = tomllib.loads(pathlib.Path(path).read_text())["difference"] if path else []
        for row in self.rows:
            if unknown := set(row) - {"item", "lines", "reason"}:
                sys.exit(f"{path}: unknown key {sorted(unknown)[0]!r}; allowed: item, lines, reason")
            if not row.get("reason"):
                sys.exit(f"{path}: the difference of {row.get('item')!r} has no reason")
        self.counts = [0] * len(self.rows)

    def matches(self, item, diff):
        lines = [line for line in diff if line[0] in "+-"]
        rows = [(index, row) for index, row in enumerate(self.rows) if fnmatch.fnmatchcase(item, row["item"])]
        hits = {next((i for i, row in rows if re.search(row.get("lines", ""), line)), None) for line in lines}
        if not hits or None in hits:
            return False
        for index in hits:
            self.counts[index] += 1
        return True

    def report(self):
        for row, count in zip(self.rows, self.counts):
            print(f"expected {count:5} ×  {row['item']}: {row['reason']}" + ("" if count else "   (not seen)"))


def compare(old, new, expected):
    """Prints every difference that is not expected; gives their number."""
    found = 0
    for item in sorted(old.keys() | new.keys()):
        if old.get(item) == new.get(item):
            continue
        diff = changed_lines(old.get(item, "(not there)"), new.get(item, "(not there)"))
        if expected.matches(item, diff):
            continue
        found += 1
        print(f"=== {item}")
        print("\n".join(diff[:SHOWN_LINES]))
        if len(diff) > SHOWN_LINES:
            print(f"… {len(diff) - SHOWN_LINES} more lines")
    return found


def main():
    parser = argparse.ArgumentParser(prog="script/compare_behaviour", usage=__doc__.split("Usage:\n")[1])
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--record", metavar="FILE")
    parser.add_argument("--expected", metavar="FILE")
    parser.add_argument("--only", default="", metavar="PREFIX", help="one part: " + ", ".join(PARTS))
    arguments = parser.parse_args()
    if not any(name.startswith(arguments.only) for name in PARTS):
        parser.error(f"--only {arguments.only}: no such part; there are {', '.join(PARTS)}")
    if len(arguments.sources) != (1 if arguments.record else 2):
        parser.error("two builds are compared, one is recorded")
    if arguments.record:
        items = items_of(arguments.sources[0], arguments.only)
        pathlib.Path(arguments.record).write_text(json.dumps(items, indent=0, ensure_ascii=False))
        return 0
    expected = Expected(arguments.expected)
    old, new = (items_of(source, arguments.only) for source in arguments.sources)
    found = compare(old, new, expected)
    expected.report()
    print(f"{found} unexpected differences in {len(old.keys() | new.keys())} items")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
