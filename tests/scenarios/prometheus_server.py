"""A real Prometheus over a cluster, with the configuration and the rules of deploy/."""
import json
import re
import subprocess
import urllib.parse
import urllib.request

from harness import REPOSITORY, wait_for

DEPLOY = REPOSITORY / "deploy" / "prometheus"


class PrometheusServer:
    """Scrapes and evaluates every second. Ended with the test; its folder is the cluster's."""

    def __init__(self, test, cluster, worker):
        config = (DEPLOY / "prometheus.yml").read_text()
        config = config.replace("localhost:4405", cluster.controller.endpoints["http"]).replace("localhost:4406", worker.endpoints["http"])
        config = re.sub(r"scrape_interval: \S+", "scrape_interval: 1s\n  evaluation_interval: 1s", config)
        config = config.replace("- rules.yml", f"- {DEPLOY}/rules.yml")
        path = cluster.folder / "prometheus.yml"
        path.write_text(config)
        subprocess.run(["promtool", "check", "config", path], check=True, capture_output=True)
        process = subprocess.Popen(["prometheus", f"--config.file={path}", f"--storage.tsdb.path={cluster.folder}/tsdb",
                                    "--web.listen-address=127.0.0.1:0", "--log.format=json"], stderr=subprocess.PIPE, text=True)
        test.addCleanup(process.stderr.close)
        test.addCleanup(process.wait)
        test.addCleanup(process.kill)
        for line in process.stderr:
            entry = json.loads(line)
            if entry.get("msg") == "Listening on":
                self.address = entry["address"]
            if "ready to receive" in entry.get("msg", ""):
                break
        wait_for("both targets up", lambda: len([r for r in self.query("up") if r["value"][1] == "1"]) == 2)

    def query(self, expression):
        return self._get("query", query=expression)["result"]

    def rules(self):
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, what, **parameters):
        url = f"http://{self.address}/api/v1/{what}?" + urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
