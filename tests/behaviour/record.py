"""A record of what the binaries of one folder do: a name for each thing that was tried, and the text that came of it."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import normalize

TIMEOUT_SECONDS = 600


class Recorder:
    """Runs the programs of `binaries` in a folder of its own and collects `items`, name -> text."""

    def __init__(self, binaries, progress):
        self.binaries = pathlib.Path(binaries).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-behaviour-"))
        self.items = {}
        self.names = [(str(self.folder), "<work>"), (str(self.binaries), "<bin>"),
                      (str(pathlib.Path(__file__).resolve().parents[2]), "<source>")]
        self._progress = progress

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments, input=None, environment=None):
        """The finished process; its texts are as they came."""
        command = [str(self.binaries / program), *map(str, arguments)]
        return subprocess.run(command, input=input, capture_output=True, text=True, errors="replace", cwd=self.folder,
                              timeout=TIMEOUT_SECONDS, stdin=subprocess.DEVNULL if input is None else None,
                              env={**os.environ, "NO_COLOR": "1", "TZ": "UTC", "COLUMNS": "200", **(environment or {})})

    def add(self, name, value):
        if name in self.items:
            raise ValueError(f"two items are called {name}")
        self.items[name] = value
        self._progress(name)

    def add_process(self, name, done, json=False, files=()):
        """Exit status, both outputs, and the sha256 of each of `files` (absent ones are called so)."""
        read = normalize.json_lines if json else normalize.text
        parts = [f"exit {done.returncode}", read(done.stdout, self.names)]
        if done.stderr:
            parts += ["--- stderr", normalize.json_lines(done.stderr, self.names)]
        parts += [f"--- {path.name}: {sha256(path)}" for path in files]
        self.add(name, "\n".join(parts))

    def try_out(self, name, program, *arguments, **options):
        files = options.pop("files", ())
        json = "json" in arguments
        self.add_process(name, self.run(program, *arguments, **options), json=json, files=files)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "absent"
