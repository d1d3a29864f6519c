"""Runs what stands behind one ctest entry, and says honestly what came of its cases.

  run_entry.py --name NAME --results FOLDER gtest BINARY [arguments …]
  run_entry.py --name NAME --results FOLDER unittest FOLDER/MODULE.py CLASS METHOD

Exit status: 0 passed; 77 every case was skipped and nothing failed; 1 anything else, also a program that ended before its
tests did, or that has none. FOLDER/NAME.json holds the cases for summarize.py; while the program runs, and if it is killed,
it says that the program did not end.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SKIPPED_STATUS = 77  # SKIP_RETURN_CODE in cmake/Fp4Test.cmake


def write_result(path, passed=0, failed=(), skipped=()):
    """`failed`: texts. `skipped`: pairs of a case and a reason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"passed": passed, "failed": list(failed), "skipped": list(skipped)}))


def text_of(element, tag):
    child = element.find(tag)
    return None if child is None else (child.get("message") or child.text or "").strip()


def reason_of(message):
    """A skip's message begins with a line that names the source file."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines[1:]) if len(lines) > 1 else " ".join(lines) or "no reason given"


def read_gtest_report(path):
    """(passed, failed, skipped) of the XML that GoogleTest writes at its end; None where it wrote none."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    passed, failed, skipped = 0, [], []
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = text_of(case, "skipped")
        if text_of(case, "failure") is not None:
            failed.append(name)
        elif skip is not None:
            skipped.append((name, reason_of(skip)))
        elif case.get("status") == "run":
            passed += 1
        elif name.rpartition(".")[2].startswith("DISABLED_") or "DISABLED_" in name:
            skipped.append((name, "disabled in the source"))
    return passed, failed, skipped


def ending(status):
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}"


def run_gtest(command):
    with tempfile.TemporaryDirectory(prefix="fp4-entry-") as folder:
        report = pathlib.Path(folder) / "report.xml"
        try:
            status = subprocess.run([*command, f"--gtest_output=xml:{report}"]).returncode
        except OSError as error:
            return 0, [f"the program cannot be started: {error}"], []
        found = read_gtest_report(report)
    if found is None:
        return 0, [f"the program ended before its tests did: {ending(status)}"], []
    passed, failed, skipped = found
    if status != 0 and not failed:
        failed.append(f"no case failed, but {ending(status)}")
    if not passed and not failed and not skipped:
        failed.append("the program has no test to run")
    return passed, failed, skipped


def run_unittest(path, class_name, method):
    path = pathlib.Path(path).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    case = getattr(module, class_name)(method)
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite([case]))
    name = f"{class_name}.{method}"
    if result.testsRun != 1 and not result.errors:
        return 0, [f"{name}: {result.testsRun} tests ran"], []
    if not result.wasSuccessful():
        return 0, [name], []
    if result.skipped:
        return 0, [], [(name, reason) for _, reason in result.skipped]
    return 1, [], []


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("kind", choices=["gtest", "unittest"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    result = arguments.results / f"{arguments.name}.json"
    write_result(result, failed=["the program did not end: killed, or out of time"])
    if arguments.kind == "gtest":
        passed, failed, skipped = run_gtest(arguments.command)
    else:
        passed, failed, skipped = run_unittest(*arguments.command)
    write_result(result, passed, failed, skipped)
    for name, reason in skipped:
        print(f"skipped: {name}: {reason}")
    for what in failed:
        print(f"failed: {what}")
    if failed:
        return 1
    return 0 if passed else SKIPPED_STATUS


if __name__ == "__main__":
    sys.exit(main())
