"""What deploy/docker puts together fits: files that are mounted exist, programs know the flags, names agree. Docker itself is not run."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOCKER = REPOSITORY / "deploy" / "docker"
COMPOSE = (DOCKER / "compose.yml").read_text()
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


class Compose(unittest.TestCase):
    def test_every_file_that_is_mounted_exists(self):
        mounted = re.findall(r"- (\.\.?/[^:]+):/", COMPOSE)
        self.assertGreater(len(mounted), 4)
        for path in mounted:
            self.assertTrue((DOCKER / path).exists(), path)

    def test_every_stage_that_is_built_is_in_the_dockerfile(self):
        stages = re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.M)
        for target in re.findall(r"target: (\w+)", COMPOSE):
            self.assertIn(target, stages)

    def test_ports_are_published_on_loopback_only(self):
        for ports in re.findall(r"ports: \[(.*)\]", COMPOSE):
            for port in re.findall(r'"([^"]+)"', ports):
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_prometheus_scrapes_the_services_under_the_names_that_the_rules_know(self):
        inside, outside = (DOCKER / "prometheus.yml").read_text(), (REPOSITORY / "deploy/prometheus/prometheus.yml").read_text()
        jobs = re.findall(r"job_name: (\S+)", inside)
        self.assertEqual(jobs, re.findall(r"job_name: (\S+)", outside))
        services = re.findall(r"^  (\w+):$", COMPOSE.partition("\nvolumes:")[0], re.M)
        for host in re.findall(r'targets: \["(\w+):', inside):
            self.assertIn(host, services)
        if shutil.which("promtool") is None:
            self.skipTest("promtool is missing (script/setup tests)")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(DOCKER / "prometheus.yml", folder)
            shutil.copy(REPOSITORY / "deploy/prometheus/rules.yml", folder)
            checked = subprocess.run(["promtool", "check", "config", f"{folder}/prometheus.yml"], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_daemons_know_the_flags_that_they_are_given(self):
        for program, words in re.findall(r'^ENTRYPOINT \["(fp4-\w+)", (.*)\]\nCMD \[', DOCKERFILE, re.M):
            help_text = subprocess.run([pathlib.Path(os.environ["FP4_BIN"]) / program, "--help"], capture_output=True, text=True, check=True).stdout
            for flag in re.findall(r'"(--[a-z-]+)"', words) + ["--allow-path"]:
                self.assertRegex(help_text, rf"(?m)^\s+(-\w,)?{flag}\b", program)


if __name__ == "__main__":
    unittest.main()
