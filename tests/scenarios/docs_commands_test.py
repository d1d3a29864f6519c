"""The commands of the tutorial and of the guides do what the pages say, in small.

On a page a block ```sh is run, in order, by one shell; `status=2` behind it: its last command exits with 2. A block with `file=NAME` is that
file. `setup=finished|queued|document` says what the page takes for granted. ```console is for what needs another machine.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import BIN, REPOSITORY, Cluster, Scenario, document, wait_for

DOCS = REPOSITORY / "docs"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
# A page trains for hundreds of steps; its commands are the same with a few.
STEPS, EVALUATIONS = 8, 4
DEADLINE_SECONDS = 240


def blocks(page):
    for language, info, text in BLOCK.findall((DOCS / page).read_text()):
        attributes = dict(word.split("=", 1) for word in info.split())
        if language == "sh" or "file" in attributes:
            yield language, attributes, text


def in_small(text):
    text = re.sub(r'(steps"?[:=] ?)\d+', rf"\g<1>{STEPS}", text)
    return re.sub(r'(eval_interval"?[:=] ?)\d+', rf"\g<1>{EVALUATIONS}", text)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Page:
    """Runs the blocks of one page in a folder of its own, with a state folder of its own."""

    def __init__(self, test, page, controller=None):
        self.test, self.page = test, page
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-docs-"))
        self.environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", NO_COLOR="1", FP4_STATE_DIR=str(self.folder / "state"))
        self.environment.pop("FP4_CONTROLLER", None)
        if controller:
            self.environment["FP4_CONTROLLER"] = controller
        self.words = {}
        self.group = None
        test.addCleanup(subprocess.run, ["rm", "-rf", str(self.folder)])

    def run(self):
        count = 0
        for language, attributes, text in blocks(self.page):
            if "file" in attributes:
                (self.folder / attributes["file"]).write_text(in_small(text))
                continue
            for command in self.commands(text):
                self.run_command(command, int(attributes.get("status", 0)))
                count += 1
        return count

    def commands(self, text):
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def run_command(self, command, status):
        for word, value in self.known_words().items():
            command = re.sub(rf"\b{word}\b", value, command)
        command = in_small(command)
        if command.startswith("export "):
            name, _, value = command[len("export "):].partition("=")
            self.environment[name] = value
            return
        if command.endswith("&"):
            return self.start(command[:-1])
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
        self.test.assertEqual(done.returncode, status, f"{self.page}: {command}\n{done.stdout}\n{done.stderr}")

    def start(self, command):
        """A daemon of the page: it has started when it says where it serves."""
        process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.test.addCleanup(process.stderr.close)
        self.test.addCleanup(process.wait)
        self.test.addCleanup(process.send_signal, signal.SIGTERM)
        folder = self.folder / re.search(r"--(?:data|work)-dir (\S+)", command).group(1)
        wait_for(f"{self.page}: {command}", lambda: (folder / "endpoints.json").exists() or self.test.assertIsNone(process.poll(), command))

    def known_words(self):
        """ID is the newest experiment, once there is one."""
        if "ID" not in self.words and (self.environment.get("FP4_CONTROLLER") or (self.folder / "state").exists()):
            listed = subprocess.run([BIN / "fp4ctl", "ls", "-o", "json"], env=self.environment, capture_output=True, text=True)
            found = json.loads(listed.stdout) if listed.returncode == 0 else []
            if found:
                self.words["ID"] = found[0]["id"]
        return self.words


class DocsCommands(Scenario):
    def run_page(self, page, controller=None, files=()):
        shown = Page(self, page, controller)
        self.addCleanup(subprocess.run, [BIN / "fp4ctl", "down"], env=shown.environment, capture_output=True)
        for name, content in files:
            (shown.folder / name).write_text(json.dumps(content))
        return shown

    def finished(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        made = cluster.submit(document("finished", steps=STEPS, seeds=[1, 2], training={"eval_interval": 2},
                                       variants={"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}))
        cluster.watch(made["experiment"]).finish()
        return cluster

    def test_the_tutorial_leads_from_nothing_to_an_answer(self):
        self.assertGreater(self.run_page("tutorial.md").run(), 12)

    def test_own_data_is_trained_on(self):
        self.assertGreater(self.run_page("guides/own-data.md").run(), 4)

    def test_a_comparison_is_read_from_several_sides(self):
        self.assertGreater(self.run_page("guides/read-a-comparison.md", self.finished().address()).run(), 4)

    def test_formats_are_checked_before_anything_trains(self):
        page = self.run_page("guides/which-format.md", files=[("mine.fp4.json", document("mine"))])
        self.assertGreater(page.run(), 3)

    def test_a_cancelled_run_goes_on(self):
        cluster = Cluster(self)
        cluster.start_worker()
        cluster.submit(document("stopped", steps=2000))
        self.assertGreater(self.run_page("guides/faults.md", cluster.address()).run(), 5)

    def test_a_worker_reaches_a_controller_by_its_address(self):
        page = self.run_page("guides/remote-worker.md")
        page.words = {"lab": "127.0.0.1", "4404": str(free_port()), "4405": "0", "4406": "0", "0.0.0.0": "127.0.0.1", "ID": "ID"}
        self.assertGreater(page.run(), 1)

    def test_the_python_of_the_client_s_page_does_what_it_says(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        page = (REPOSITORY / "client/python/README.md").read_text()
        program, = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
        program = re.sub(r'"training.steps": \d+', f'"training.steps": {STEPS}, "training.eval_interval": {EVALUATIONS}', program)
        environment = dict(cluster.environment(), PYTHONPATH=str(REPOSITORY / "client/python/src"), PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run([sys.executable, "-c", program + "\nprint(len(frame['step']))"], cwd=REPOSITORY, env=environment, capture_output=True, text=True,
                              timeout=DEADLINE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("baseline: the reference", done.stdout)
        self.assertGreater(int(done.stdout.splitlines()[-1]), 12)

    def test_every_page_for_users_is_run(self):
        pages = {path.relative_to(DOCS).as_posix() for path in (DOCS / "guides").glob("*.md")} | {"tutorial.md"}
        tested = set(re.findall(r'run_page\("([^"]+)"', pathlib.Path(__file__).read_text()))
        self.assertEqual(pages - tested, set())


if __name__ == "__main__":
    unittest.main()
