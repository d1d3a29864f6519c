"""What a submit costs while somebody without an identity floods the controller; `script/bench flood` for bench/results/flood.md. Needs root and `ip`."""
import json
import os
import pathlib
import platform
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/scenarios"))

from flood import flood, percentile, submit_seconds  # noqa: E402
from harness import document  # noqa: E402
from lab_with_tls import Lab  # noqa: E402

ROUNDS, SUBMITS = 3, 300


def processor():
    names = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure(lab, connections):
    seconds = submit_seconds(lab, SUBMITS)
    load = os.getloadavg()[0]
    print(f"| {connections} | {percentile(seconds, 50) * 1e3:.1f} | {percentile(seconds, 99) * 1e3:.1f} | {max(seconds) * 1e3:.1f} | {load:.1f} |", flush=True)


class Flood(unittest.TestCase):
    def runTest(self):
        revision = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        print(f"{time.strftime('%Y-%m-%d', time.gmtime())}, revision {revision}, {os.cpu_count()} processors, {processor()}; {SUBMITS} submits a row\n")
        print("| connections of the flood | p50, ms | p99, ms | longest, ms | load of the machine |\n|---|---|---|---|---|")
        lab = Lab(self, {"demo.json": json.dumps(document("demo", steps=20))})
        for _ in range(ROUNDS):
            measure(lab, 0)
            for connections in (600, 2400):
                with flood(lab, connections):
                    measure(lab, connections)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=0)
