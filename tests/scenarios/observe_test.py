"""What is exported, and by whom it can be read."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

from harness import REPOSITORY, Cluster, Scenario, document, num_descriptors, resident_bytes, wait_for
from prometheus_server import PrometheusServer

DASHBOARD = REPOSITORY / "deploy" / "grafana" / "fp4lab.json"
RULES = REPOSITORY / "deploy" / "prometheus" / "rules.yml"
COMPARISON = re.compile(r" (?:[<>]=?|==|!=) [0-9.]+")
METRIC_NAME = re.compile(r"\bfp4_(?:controller|worker)_[a-z0-9_]+")
MIB = 1 << 20


def exported_names(text):
    names = set()
    for kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
        names.add(kind[0])
        if kind[1] == "histogram":
            names.update(kind[0] + end for end in ("_bucket", "_sum", "_count"))
    return names


def panel_queries(dashboard):
    """Pairs of a panel's title and a query, as Grafana sends it where scrapes are a second apart."""
    return [(panel["title"], target["expr"].replace("$__rate_interval", "10s"))
            for panel in dashboard["panels"] for target in panel.get("targets", [])]


class Prometheus(Scenario):
    def test_every_query_of_the_dashboard_and_of_the_rules_has_data_from_a_real_prometheus(self):
        cluster = Cluster(self)
        worker = cluster.start_worker("--nvml-library", os.environ["FP4_FAKE_NVML"])
        server = PrometheusServer(self, cluster, worker)
        run = cluster.submit(document("watched", steps=4000, training={"eval_interval": 1000, "log_interval": 10}, checkpoint={"interval_steps": 1000}))["runs"][0]["id"]
        cluster.watch(run).until_step(20)
        cluster.ctl("describe", "nothing", status=4)  # a call that fails has a panel of its own
        queries = panel_queries(json.loads(DASHBOARD.read_text()))
        self.assertGreater(len(queries), 25)
        # Whatever is compared with a bound is there, and so would be the alarm.
        rules = server.rules()
        queries += [(rule["name"], COMPARISON.sub("", rule["query"])) for rule in rules]
        for name, expression in queries:
            with self.subTest(name, expression=expression):
                wait_for(f"data for {name}: {expression}", lambda: server.query(expression), deadline=40)
        self.assertEqual({rule["name"]: rule.get("lastError", "") for rule in server.rules() if rule["health"] != "ok"}, {})
        firing = {alert["metric"]["alertname"] for alert in server.query('ALERTS{alertstate="firing"}')}
        self.assertEqual(firing, set())
        cluster.ctl("cancel", run)

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
        named = set(METRIC_NAME.findall(DASHBOARD.read_text() + RULES.read_text()))
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
