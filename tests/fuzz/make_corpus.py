"""Writes seeds for document_fuzz: the malformed documents of tests/spec and the examples. Usage: make_corpus.py FOLDER"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for table in sorted((root / "tests/spec/malformed").glob("*.txt")):
    for case in re.split(r"^### ", table.read_text(), flags=re.M)[1:]:
        name, _, body = case.partition("\n")
        lines = [line for line in body.splitlines() if not line.startswith("> ")]
        overrides = [line[5:] for line in lines if line.startswith("set: ")]
        document = "\n".join(line for line in lines if not line.startswith("set: "))
        (folder / name).write_text(document + ("\0" + "\n".join(overrides) if overrides else ""))
for example in sorted((root / "examples").glob("*.json")):
    (folder / example.name).write_bytes(example.read_bytes())
