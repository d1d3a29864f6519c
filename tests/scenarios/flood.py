"""Connections without an identity, as many as somebody likes, and what a submit costs meanwhile. For a lab of lab_with_tls.py."""
import contextlib
import os
import pathlib
import statistics
import subprocess

from lab_with_tls import MACHINES

PYTHON_CLIENT = pathlib.Path(__file__).resolve().parents[2] / "client/python/src"

FLOOD = r"""
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = []
for i in range(int(sys.argv[2])):
    s = socket.socket()
    s.settimeout(2)
    try:
        s.connect((sys.argv[1], 4404 if i % 3 else 4405))
        # Nothing, the beginning of a greeting of TLS, or of a request in plain text.
        s.sendall([b"", b"\x16\x03\x01\x02\x00\x01", b"GET /api/v1/runs HT"][i % 3])
        held.append(s)
    except OSError:
        time.sleep(0.01)
print(len(held), flush=True)
while True:
    for s in held[::10]:
        try:
            s.sendall(b"x")
        except OSError:
            pass
    time.sleep(0.05)
"""

SUBMITS = """
import fp4lab, json, time
client = fp4lab.Client()
document = json.load(open("demo.json"))
client.validate(document)
for i in range({count}):
    start = time.monotonic()
    client.submit({{**document, "name": f"flood-{{i}}", "training": {{**document["training"], "steps": 100000}}}})
    print(time.monotonic() - start)
"""


@contextlib.contextmanager
def flood(lab, num_connections):
    """Half-open and silent connections from gpu1 to both ports of lab's controller; gives how many it had opened."""
    process = subprocess.Popen(["ip", "netns", "exec", lab.gpu1.namespace, "python3", "-c", FLOOD, MACHINES["lab"], str(num_connections)],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def submit_seconds(lab, count=100):
    """Of each of `count` submits by ann, one after the other over one connection of the Python client, from the controller's machine."""
    (lab.lab.folder / "submit.py").write_text(SUBMITS.format(count=count))
    text = lab.lab.run(f"{os.sys.executable} submit.py", PYTHONPATH=str(PYTHON_CLIENT), FP4_TOKEN_FILE="ann.token").stdout
    return [float(line) for line in text.split()]


def percentile(seconds, percent):
    return statistics.quantiles(seconds, n=100)[percent - 1]
