"""A disk on which commits take seconds."""
import json
import os
import unittest
import unittest.mock
import urllib.error
import urllib.request

import harness

# The first three commits take four seconds longer; later ones are quick again.
FAULTS = ",".join(f"store.slow-commit:{number}" for number in (1, 2, 3))


class SlowDisk(harness.Scenario):
    def test_a_controller_whose_commits_are_slow_refuses_new_work_and_takes_it_again_by_itself(self):
        with unittest.mock.patch.dict(os.environ, {"FP4_FAULTS": FAULTS}):
            cluster = harness.Cluster(self)
        path = cluster.folder / "d.json"
        path.write_text(json.dumps(harness.document("slow")))
        stored = [cluster.ctl("submit", path, "-o", "json")["experiment"] for _ in range(3)]

        refused = cluster.ctl("submit", path, status=None)
        self.assertEqual(refused, "")
        self.assertIn("fp4_controller_takes_work 0", cluster.controller.metrics().splitlines())
        with self.assertRaises(urllib.error.HTTPError) as health:
            urllib.request.urlopen(f"http://{cluster.controller.endpoints['http']}/healthz", timeout=30)
        self.assertIn("too slow", health.exception.read().decode())
        self.assertEqual([cluster.ctl("describe", id, "-o", "json")["id"] for id in stored], stored)

        harness.wait_for("new work to be taken again",
                         lambda: "fp4_controller_takes_work 1" in cluster.controller.metrics().splitlines())
        cluster.ctl("submit", path)


if __name__ == "__main__":
    unittest.main()
