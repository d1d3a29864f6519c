"""The examples of fp4ctl's help pages, and so of its manual page, do what they say."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import BIN, Cluster, Scenario, document

# Words of the examples that stand for something of the reader's: ids are filled in when they are known.
EXPERIMENT, RUN, OTHER_RUN = "k7x2", "b2c3", "d4e5"
COMMENT = re.compile(r"\s{3,}\S.*$")
# What is tried elsewhere, because it needs more than an experiment that has finished.
ELSEWHERE = {
    "up": "starts daemons on this machine: tests/client/local/daemons_test.cc",
    "down": "likewise",
    "forget": "needs a worker that is gone: tests/server/store",
    "top": "needs a terminal",
    "token": "makes a controller ask everybody who calls: security_test.py",
    "admin": "copies a controller's data: its own scenarios",
    "checkpoints": "needs checkpoints that have travelled: its own scenarios",
    "doctor": "its status says whether this machine is well",
}


ELSEWHERE_TOO = ("--url",)  # needs a server of MLflow: tests/external/exports.py


def verbs():
    text = subprocess.run([BIN / "fp4ctl", "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) {2,}\S", text, re.M)


def examples(verb):
    text = subprocess.run([BIN / "fp4ctl", verb, "--help"], capture_output=True, text=True, check=True).stdout
    block = re.search(r"^Examples?:\n(.*)", text, re.M | re.S)
    lines = re.findall(r"^  (fp4ctl .*)$", block.group(1), re.M) if block else []
    return [COMMENT.sub("", line) for line in lines if not any(word in line for word in ELSEWHERE_TOO)]


class HelpExamples(Scenario):
    def test_every_example_of_a_finished_experiment_succeeds(self):
        cluster = Cluster(self, num_slots=2)
        cluster.start_worker()
        base = document("fp4", steps=8, variants={"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}, seeds=[1, 2],
                        training={"eval_interval": 2}, sensitivity={"every": 2, "advise": True})
        made = cluster.submit(base)
        cluster.watch(made["experiment"]).finish()
        words = {EXPERIMENT: made["experiment"], RUN: made["runs"][0]["id"], OTHER_RUN: made["runs"][3]["id"]}
        with tempfile.TemporaryDirectory(dir=cluster.folder) as folder:
            for name, content in {"fp4.json": base, "old.json": base, "new.json": {**base, "seeds": [3]}}.items():
                pathlib.Path(folder, name).write_text(json.dumps(content))
            tried = 0
            for verb in verbs():
                for example in examples(verb) if verb not in ELSEWHERE else ():
                    with self.subTest(example):
                        self.run_example(cluster, folder, example, words)
                    tried += 1
        self.assertGreater(tried, 30)

    def run_example(self, cluster, folder, example, words):
        command = re.sub(r"\b(" + "|".join(words) + r")\b", lambda found: words[found.group()], example)
        # There are not that many events and steps.
        command = command.replace("--cursor 1234", "--cursor 12").replace("--step 200", "--step 2")
        # What is submitted again shall not train for a thousand steps.
        command = re.sub(r"training\.steps=\d+", "training.steps=8", command)
        environment = dict(cluster.environment(), PATH=f"{BIN}:{os.environ['PATH']}")
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    unittest.main()
