"""Says what came of all cases after ctest: summarize.py FOLDER …, the folders of run_entry.py's results.

Every skipped case with its reason (equal reasons of one program together), every failed one, and a last line
"N passed, N failed, N skipped". Exit status 1 if one failed, or if there is no result at all.
"""
import collections
import json
import pathlib
import sys

SHOWN_CASES = 3


def main(folders):
    found = {folder: sorted(pathlib.Path(folder).glob("*.json")) for folder in folders}
    # With several folders an entry is told with its own.
    results = {path.stem if len(folders) == 1 else f"{folder.split('/')[0]}: {path.stem}": json.loads(path.read_text())
               for folder, paths in found.items() for path in paths}
    num_passed = sum(result["passed"] for result in results.values())
    num_failed = sum(len(result["failed"]) for result in results.values())
    num_skipped = sum(len(result["skipped"]) for result in results.values())
    print()
    for entry, result in results.items():
        cases = collections.defaultdict(list)
        for name, reason in result["skipped"]:
            cases[reason].append(name)
        for reason, names in cases.items():
            more = f" and {len(names) - SHOWN_CASES} more" if len(names) > SHOWN_CASES else ""
            print(f"SKIPPED {len(names)} of {entry}: {reason} ({', '.join(names[:SHOWN_CASES])}{more})")
    for entry, result in results.items():
        for what in result["failed"]:
            print(f"FAILED {entry}: {what}")
    print(f"{num_passed} passed, {num_failed} failed, {num_skipped} skipped")
    return 1 if num_failed or not all(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
