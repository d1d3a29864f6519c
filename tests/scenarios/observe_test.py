"""What is exported, and by whom it can be read."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

from harness import REPOSITORY, Cluster, Scenario, document, num_descriptors, resident_bytes, wait_for

DASHBOARD = REPOSITORY / "deploy" / "grafana" / "fp4lab.json"
METRIC_NAME = re.compile(r"\bfp4_(?:controller|worker)_[a-z0-9_]+")
MIB = 1 << 20


def exported_names(text):
    names = set()
    for kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
        names.add(kind[0])
        if kind[1] == "histogram":
            names.update(kind[0] + end for end in ("_bucket", "_sum", "_count"))
    return names


class Prometheus(Scenario):
    def test_a_real_prometheus_scrapes_both_daemons(self):
        cluster = Cluster(self)
        worker = cluster.start_worker()
        run = cluster.submit(document("scraped", steps=10))["runs"][0]["id"]
        cluster.watch(run).finish()
        config = (REPOSITORY / "deploy" / "prometheus" / "prometheus.yml").read_text()
        config = config.replace("localhost:4405", cluster.controller.endpoints["http"]).replace("localhost:4406", worker.endpoints["http"])
        config = re.sub(r"scrape_interval: \S+", "scrape_interval: 1s", config)
        path = cluster.folder / "prometheus.yml"
        path.write_text(config)
        subprocess.run(["promtool", "check", "config", path], check=True, capture_output=True)
        process = subprocess.Popen(["prometheus", f"--config.file={path}", f"--storage.tsdb.path={cluster.folder}/tsdb",
                                    "--web.listen-address=127.0.0.1:0", "--log.format=json"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            entry = json.loads(line)
            if entry.get("msg") == "Listening on":
                address = entry["address"]
            if "ready to receive" in entry.get("msg", ""):
                break

        def query(expression):
            url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]

        wait_for("both targets up", lambda: len([r for r in query("up") if r["value"][1] == "1"]) == 2)
        wait_for("the run in a query", lambda: [r for r in query('fp4_controller_runs{state="completed"}') if r["value"][1] == "1"])

    def test_metrics_are_clean_and_hold_all_that_the_dashboard_names(self):
        cluster = Cluster(self)
        worker = cluster.start_worker("--nvml-library", os.environ["FP4_FAKE_NVML"])
        run = cluster.submit(document("metrics", steps=5))["runs"][0]["id"]
        cluster.watch(run).finish()
        exported = set()
        for daemon in (cluster.controller, worker):
            text = daemon.metrics()
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""), daemon.name)
            self.assertNotIn(run, text)
            exported |= exported_names(text)
        named = set(METRIC_NAME.findall(DASHBOARD.read_text()))
        self.assertGreater(len(named), 10)
        self.assertIn("fp4_worker_gpu_memory_used_bytes", named)
        self.assertEqual(named - exported, set())


class IndependentClient(Scenario):
    def test_a_client_made_by_reflection_submits_and_watches(self):
        cluster = Cluster(self)
        cluster.start_worker()
        path = cluster.folder / "independent.fp4.json"
        path.write_text(json.dumps(document("independent", steps=10)))
        script = pathlib.Path(__file__).with_name("independent_client.py")
        done = subprocess.run([sys.executable, script, cluster.address(), path], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("completed", done.stdout)


class Leaks(Scenario):
    def test_fifty_short_runs_leave_nothing_behind(self):
        cluster = Cluster(self, num_slots=2)
        worker = cluster.start_worker()
        daemons = {"controller": cluster.controller.process.pid, "worker": worker.process.pid}

        def run_seeds(name, num_runs):
            made = cluster.submit(document(name, steps=2, training={"eval_interval": 2}, checkpoint={"interval_steps": 2},
                                           seeds=list(range(1, num_runs + 1))))
            watch = cluster.watch(made["experiment"])
            watch.finish()
            self.assertEqual(watch.process.returncode, 0)

        run_seeds("warm-up", 4)
        before = {n: (num_descriptors(p), resident_bytes(p)) for n, p in daemons.items()}
        run_seeds("fifty", 50)
        wait_for("descriptors back", lambda: all(num_descriptors(p) <= before[n][0] + 2 for n, p in daemons.items()), deadline=30)
        for name, pid in daemons.items():
            grown = resident_bytes(pid) - before[name][1]
            print(f"{name}: descriptors {before[name][0]} -> {num_descriptors(pid)}, resident {resident_bytes(pid) / MIB:.1f} MiB, grown {grown / MIB:+.2f}")
            self.assertLess(grown, 8 * MIB, name)
        self.assertLess(resident_bytes(daemons["controller"]), 60 * MIB)


if __name__ == "__main__":
    unittest.main()
