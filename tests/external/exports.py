#!/usr/bin/env python3
"""Reads exports back with TensorBoard and MLflow and compares them with what the controller holds.

    python3 -m venv /tmp/external && /tmp/external/bin/pip install tensorboard mlflow
    FP4_CONTROLLER=HOST:PORT /tmp/external/bin/python tests/external/exports.py FP4CTL EXPERIMENT

Every metric, step and value of every run: MLflow's to the last bit, TensorBoard's as the nearest 32-bit float. MLflow's server, which is started
for it, gets all of it twice: what is sent again changes nothing. Prints what was compared; ends with 1 at the first difference. Not a part of script/test: the two are large.
"""
import contextlib
import csv
import json
import math
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy

os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # MLflow 3.7 and newer ask for it


def fp4ctl(program, *arguments):
    return json.loads(subprocess.run([program, *arguments, "-o", "json"], check=True, stdout=subprocess.PIPE).stdout)


def number(value):
    return float(value)  # "NaN", "Infinity" and "-Infinity" too


def same(left, right):
    return struct.pack("<d", left) == struct.pack("<d", right) or (math.isnan(left) and math.isnan(right))


def stored(program, run):
    """{metric: {step: value}} as the controller answers."""
    return {name: {point["step"]: number(point["value"]) for point in fp4ctl(program, "metrics", run, "--name", name)}
            for name in fp4ctl(program, "metrics", run)}


def check(program_name, run, expected, found, convert=lambda value: value):
    if set(expected) != set(found):
        sys.exit(f"{program_name}: {run}: metrics differ: {sorted(set(expected) ^ set(found))[:5]}")
    points = 0
    for name, series in expected.items():
        if set(series) != set(found[name]):
            sys.exit(f"{program_name}: {run}: {name}: steps differ")
        for step, value in series.items():
            if not same(convert(value), found[name][step]):
                sys.exit(f"{program_name}: {run}: {name} at {step}: {found[name][step]!r}, stored is {value!r}")
            points += 1
    print(f"{program_name}: {run}: {len(expected)} metrics, {points} points agree")


def from_tensorboard(folder):
    from tensorboard.backend.event_processing import event_accumulator
    accumulator = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    found = {tag: {event.step: event.value for event in accumulator.Scalars(tag)} for tag in accumulator.Tags()["scalars"]}
    for tag in accumulator.Tags()["tensors"]:
        raise SystemExit(f"tensorboard: {tag} is no scalar")
    return found


def from_mlflow(client, run):
    found = {}
    for name in client.get_run(run).data.metrics:
        found[name] = {metric.step: metric.value for metric in client.get_metric_history(run, name)}
    return found


def from_csv(path):
    found = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            step = int(row.pop("step"))
            for name, text in row.items():
                if text:
                    found.setdefault(name, {})[step] = number(text)
    return found


@contextlib.contextmanager
def mlflow_server(folder):
    """The address of a server of MLflow with a database of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
    with open(folder / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            while True:
                try:
                    urllib.request.urlopen(address + "/health", timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None:
                        sys.exit((folder / "log").read_text())
                    time.sleep(0.2)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def check_server(program, experiment, folder, stored_runs):
    """MLflow stores infinities as the largest doubles, which is its own doing."""
    import mlflow
    limit = lambda value: max(-sys.float_info.max, min(sys.float_info.max, value)) if math.isinf(value) else value
    with mlflow_server(folder) as address:
        for attempt in ("first", "second"):
            sent = fp4ctl(program, "export", experiment, "--to", "mlflow", "--url", address)
            client = mlflow.tracking.MlflowClient(tracking_uri=address)
            for one in sent:
                run = one["url"].rsplit("/", 1)[1]
                for name, points in stored_runs[one["run"]].items():
                    history = client.get_metric_history(run, name)
                    if len(history) != len(points):
                        sys.exit(f"mlflow server: {run}: {name}: {len(history)} points, stored are {len(points)}")
                check(f"mlflow server, {attempt} export", one["run"], stored_runs[one["run"]], from_mlflow(client, run), limit)
                data = client.get_run(run)
                print(f"mlflow server: {data.info.run_name}: {data.info.status}, {len(data.data.params)} parameters, "
                      f"artifacts {[each.path for each in client.list_artifacts(run)]}")


def main():
    program, experiment = sys.argv[1:]
    import mlflow
    import tensorboard
    print(f"tensorboard {tensorboard.__version__ if hasattr(tensorboard, '__version__') else ''}, mlflow {mlflow.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exported = {kind: fp4ctl(program, "export", experiment, "--to", kind, "--dir", str(folder / kind))
                    for kind in ("csv", "tensorboard", "mlflow")}
        client = mlflow.tracking.MlflowClient(tracking_uri=str(folder / "mlflow"))
        names = [one.name for one in client.search_experiments()]
        print(f"mlflow: experiments {names}")
        runs = client.search_runs([exported["mlflow"][0]["experiment"]])
        if {run.info.run_id for run in runs} != {run["run"] for run in exported["mlflow"]}:
            sys.exit(f"mlflow: finds the runs {[run.info.run_id for run in runs]}")
        for run in runs:
            print(f"mlflow: {run.info.run_name}: {run.info.status}, {len(run.data.params)} parameters, "
                  f"artifacts {[one.path for one in client.list_artifacts(run.info.run_id)]}")
        stored_runs = {run["run"]: stored(program, run["run"]) for run in exported["csv"]}
        check_server(program, experiment, folder / "server", stored_runs)
        for index, run in enumerate(exported["csv"]):
            expected = stored_runs[run["run"]]
            check("csv", run["run"], expected, from_csv(folder / "csv" / run["file"]))
            check("mlflow", run["run"], expected, from_mlflow(client, run["run"]))
            check("tensorboard", run["run"], expected,
                  from_tensorboard(folder / "tensorboard" / exported["tensorboard"][index]["file"]),
                  lambda value: float(numpy.float32(value)))


if __name__ == "__main__":
    main()
