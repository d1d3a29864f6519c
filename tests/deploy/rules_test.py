"""The recording and alert rules of Prometheus, tried with series that fire them and with series that do not."""
import pathlib
import re
import shutil
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parents[1] / "deploy" / "prometheus" / "rules.yml"
CASES = HERE / "rules_test.yml"


class Rules(unittest.TestCase):
    def test_promtool_finds_every_case_as_it_is_written(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is missing (script/setup tests)")
        for arguments in (["check", "rules", RULES], ["test", "rules", CASES]):
            done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self):
        alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
        self.assertGreater(len(alerts), 8)
        cases = CASES.read_text()
        for alert in alerts:
            with self.subTest(alert):
                self.assertRegex(cases, rf"alertname: {alert}, exp_alerts: \[\]")
                self.assertRegex(cases, rf"alertname: {alert}\n\s+exp_alerts:\n\s+- exp_labels")


if __name__ == "__main__":
    unittest.main()
