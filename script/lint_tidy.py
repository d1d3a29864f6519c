"""Runs clang-tidy on the files that standard input names, one a line: lint_tidy.py BUILD. For a header: on a source that
includes it. BUILD is configured for clang and holds lint_scope.so.

A clean source leaves a stamp, keyed by all that the result depends on: the source and the project's headers that it
includes, its command, the rules, the program. Stamps are shared by all clones of a user, as ccache's objects are.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(rb'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
TIDY = "clang-tidy-16"


class Sources:
    """The project's files: which of them a file includes, through any number of others."""

    def __init__(self, folders):
        self.folders = folders
        self._text, self._direct, self._closures = {}, {}, {}

    def text(self, path):
        if path not in self._text:
            self._text[path] = path.read_bytes()
        return self._text[path]

    def direct(self, path):
        if path not in self._direct:
            names = [name.decode(errors="replace") for name in INCLUDE.findall(self.text(path))]
            found = (folder / name for name in names for folder in (*self.folders, path.parent))
            self._direct[path] = [each for each in found if each.is_file()]
        return self._direct[path]

    def closure(self, path):
        """The file and all that it includes, sorted."""
        if path not in self._closures:
            seen, waiting = {path}, [path]
            while waiting:
                for each in self.direct(waiting.pop()):
                    if each not in seen:
                        seen.add(each)
                        waiting.append(each)
            self._closures[path] = sorted(seen)
        return self._closures[path]


def stamp_folder(build):
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    for folder in (pathlib.Path(home) / "fp4lab" / "lint", build / "lint"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
        except OSError:
            pass
    sys.exit("lint: no folder for stamps can be written")


def rules(build):
    """What every result depends on, but for the places of this clone."""
    parts = [subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout, pathlib.Path("/etc/debian_version").read_bytes()]
    parts += [(ROOT / name).read_bytes() for name in (".clang-tidy", "script/lint_scope.cc", "script/environment.sh")]
    return b"\0".join(parts)


def key_of(path, command, sources, common, build):
    venv = os.environ.get("FP4_VENV", str(ROOT / ".venv"))
    for place, name in ((str(build), "BUILD"), (venv, "VENV"), (str(ROOT), "ROOT")):
        command = command.replace(place, name)
    digest = hashlib.sha256(common + command.encode())
    for folder in path.parents:
        if folder == ROOT:
            break
        if (folder / ".clang-tidy").is_file():  # the rules of this folder alone
            digest.update((folder / ".clang-tidy").read_bytes())
    for each in sources.closure(path):
        digest.update(str(each.relative_to(ROOT) if each.is_relative_to(ROOT) else each).encode() + b"\0" + sources.text(each) + b"\0")
    return digest.hexdigest()


def units_for(names, commands, sources):
    """The sources to look at for files of the project; a header is seen through one source that includes it."""
    units, unseen = set(), []
    for name in names:
        path = ROOT / name
        if path in commands:
            units.add(path)
        elif path.suffix == ".h":
            readers = [unit for unit in commands if path in sources.closure(unit)]
            if any(unit in units for unit in readers):
                continue
            if readers:
                units.add(min(readers, key=lambda unit: (unit.stem != path.stem, len(sources.closure(unit)), str(unit))))
            else:
                unseen.append(name)
    return sorted(units), unseen


def precompiled_headers(units, commands):
    """The precompiled headers that the units' commands name."""
    found = set()
    for unit in units:
        found.update(word for word in shlex.split(commands[unit]) if word.endswith(".pch"))
    return sorted(found)


def tidy(path, build):
    begin = time.monotonic()
    done = subprocess.run([TIDY, "--load", build / "lint_scope.so", "-p", build, "--quiet", path], capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout, done.stderr, time.monotonic() - begin


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    names = [line.strip() for line in sys.stdin if line.strip()]
    entries = json.loads((build / "compile_commands.json").read_text())
    commands = {pathlib.Path(entry["file"]): entry["command"] for entry in entries
                if entry["file"].endswith(".cc") and not entry["file"].startswith(str(build))}
    sources = Sources([ROOT, build / "generated"])
    units, unseen = units_for(names, commands, sources)
    stamps, common = stamp_folder(build), rules(build)
    keys = {unit: key_of(unit, commands[unit], sources, common, build) for unit in units}
    waiting = [unit for unit in units if not (stamps / keys[unit]).exists()]
    print(f"clang-tidy: {len(waiting)} of {len(units)} files; the others have not changed since they were clean", flush=True)
    for name in unseen:
        print(f"clang-tidy: {name}: no source includes it")
    if headers := precompiled_headers(waiting, commands):
        subprocess.run(["ninja", "-C", build, *(os.path.relpath(header, build) for header in headers)], check=True, stdout=subprocess.DEVNULL)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = {pool.submit(tidy, unit, build): unit for unit in waiting}
        for number, result in enumerate(concurrent.futures.as_completed(results), 1):
            unit = results[result]
            status, out, err, seconds = result.result()
            if status == 0:
                (stamps / keys[unit]).touch()
            else:
                failed += 1
                print(out or err[-4000:], flush=True)
                if status < 0:
                    print(f"{unit.relative_to(ROOT)}: error: {TIDY} ended by signal {-status}:\n{err[:1500]}", flush=True)
            if "--verbose" in sys.argv:
                print(f"{number}/{len(waiting)} {unit.relative_to(ROOT)} {seconds:.0f} s", flush=True)
    print("lint: clean" if not failed else f"lint: {failed} of {len(waiting)} files are not clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
