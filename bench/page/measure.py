#!/usr/bin/env python3
"""How long the page takes to show 100 runs of 10,000 points, and to zoom: in a browser, from the controller's store on.

  ninja -C build fp4-controller fill_store && python3 bench/page/measure.py [--runs 100] [--points 10000]

Fills a store (tests/page/fill_store.cc), starts a controller on it, opens the experiment in Chromium several times and zooms
into each chart; then asks the API alone. Prints medians and the worst.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "bin"
sys.path.insert(0, str(ROOT / "tests" / "page"))
from browser import Browser  # noqa: E402

METRIC = "train/loss"


def start_controller(folder):
    process = subprocess.Popen([BIN / "fp4-controller", "--data-dir", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                               stderr=subprocess.DEVNULL)
    endpoints = pathlib.Path(folder) / "endpoints.json"
    while not endpoints.exists() or json.loads(endpoints.read_text())["pid"] != process.pid:
        if process.poll() is not None:
            raise SystemExit("fp4-controller has ended")
        time.sleep(0.05)
    return process, "http://" + json.loads(endpoints.read_text())["http"]


def timed_get(url):
    start = time.monotonic()
    with urllib.request.urlopen(url) as answer:
        size = len(answer.read())
    return 1000 * (time.monotonic() - start), size


def last_mark(browser, name):
    return browser.evaluate(f"performance.getEntriesByName({json.dumps(name)}).at(-1)?.startTime ?? 0")


def measure_page(base, experiment, turns):
    browser, first, zooms = Browser(), [], []
    try:
        browser.look()
        for _ in range(turns):
            browser.open(f"{base}/experiments/{experiment}")
            browser.wait_for("a picture", f"performance.getEntriesByName('drawn {METRIC}').length > 0")
            first.append(last_mark(browser, f"drawn {METRIC}"))
            browser.wait_for("the rest", "document.querySelector('.verdicts') && document.querySelector('.layers li')")
            for _ in range(4):
                before = last_mark(browser, f"drawn {METRIC}")
                browser.evaluate(f"document.querySelector('[aria-label=\"{METRIC}: Zoom in\"]').click()")
                browser.wait_for("the zoom", f"performance.getEntriesByName('drawn {METRIC}').at(-1).startTime > {before}")
                zooms.append(last_mark(browser, f"drawn {METRIC}") - last_mark(browser, f"asked {METRIC}"))
        if browser.complaints:
            raise SystemExit(f"the console complains: {browser.complaints}")
    finally:
        browser.close()
    return first, zooms


def show(what, values, unit="ms"):
    print(f"{what:52} median {statistics.median(values):7.0f} {unit}   worst {max(values):7.0f} {unit}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="fp4-page-")
    try:
        experiment = subprocess.run([ROOT / "build" / "tests" / "fill_store", folder, str(options.runs), str(options.points)], check=True, capture_output=True,
                                    text=True).stdout.strip()
        controller, base = start_controller(folder)
        try:
            first, zooms = measure_page(base, experiment, options.turns)
            show("page: from the address to the first picture", first)
            show("page: a zoom, to half of what was shown", zooms)
            for what, path in [("API: the experiment", f"experiments/{experiment}"),
                               ("API: all curves, 300 stretches", f"metrics?experiment={experiment}&name={METRIC}&buckets=300"),
                               ("API: half of the steps", f"metrics?experiment={experiment}&name={METRIC}&buckets=300&from_step={options.points // 4}&to_step={3 * options.points // 4}"),
                               ("API: all curves, 300 points by LTTB", f"metrics?experiment={experiment}&name={METRIC}&max_points=300"),
                               ("API: the comparison", f"experiments/{experiment}/compare")]:
                show(what, [timed_get(f"{base}/api/v1/{path}")[0] for _ in range(options.turns)])
        finally:
            controller.terminate()
            controller.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
