"""The runner of tests, tested: what fails is red in ctest and in script/test, whatever else happened beside it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PYTHON_TESTS = """
import unittest
class Sample(unittest.TestCase):
    def test_passes(self): pass
    def test_passesToo(self): pass
    def test_prints_what_a_skip_looks_like_and_fails(self):
        print("OK (skipped=1)")
        self.fail()
    def test_skips(self): self.skipTest("this machine lacks it")
    @unittest.expectedFailure
    def test_is_expected_to_fail_and_passes(self): pass
"""


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fp4-runner-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def configure(self, *filters, python_tests=None):
        definitions = [f"-DFILTERS={';'.join(filters)}", f"-DSAMPLE={os.environ['FP4_RUNNER_SAMPLE']}"]
        if python_tests:
            (self.folder / "sample_test.py").write_text(python_tests)
            definitions.append(f"-DPYTHON_TESTS={self.folder / 'sample_test.py'}")
        return subprocess.run([os.environ["FP4_CMAKE"], "-G", "Ninja", "-S", REPOSITORY / "tests/runner/project", "-B", self.folder / "build",
                               *definitions], capture_output=True, text=True)

    def ctest(self, *filters, python_tests=None):
        configured = self.configure(*filters, python_tests=python_tests)
        self.assertEqual(configured.returncode, 0, configured.stderr)
        return subprocess.run([os.environ["FP4_CTEST"], "--test-dir", self.folder / "build", "--no-tests=error"], capture_output=True, text=True)

    def run_tests(self, *arguments):
        """The second half of script/test."""
        return subprocess.run([REPOSITORY / "script/run_tests", self.folder / "build", *arguments], capture_output=True, text=True)

    def test_a_failure_beside_a_skip_is_red(self):
        done = self.ctest("Sample.Fails:Sample.Skips")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("***Failed", done.stdout)
        self.assertIn("1 tests failed out of 1", done.stdout)
        done = self.run_tests()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("FAILED sample", done.stdout)
        self.assertTrue(done.stdout.endswith("0 passed, 1 failed, 1 skipped\n"), done.stdout)

    def test_only_a_program_whose_every_case_is_skipped_counts_as_skipped(self):
        self.assertIn("***Skipped", self.ctest("Sample.Skips").stdout)
        done = self.ctest("Sample.Skips:Sample.Passes")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("***Skipped", done.stdout)

    def test_each_skip_is_told_with_its_reason(self):
        self.configure("Sample.Skips:Sample.Passes:*IsOff")
        done = self.run_tests()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("this machine lacks it (Sample.Skips)", done.stdout)
        self.assertIn("disabled in the source (Sample.DISABLED_IsOff)", done.stdout)
        self.assertTrue(done.stdout.endswith("1 passed, 0 failed, 2 skipped\n"), done.stdout)

    def test_a_program_that_ends_before_its_tests_do_is_red(self):
        for tests in ("Sample.Passes:Sample.ZEndsEarly", "Sample.ZCrashes", "Sample.None"):
            with self.subTest(tests):
                self.assertIn("1 tests failed out of 1", self.ctest(tests).stdout)

    def test_a_program_that_is_not_there_is_red(self):
        os.environ["FP4_RUNNER_SAMPLE"], sample = "/absent", os.environ["FP4_RUNNER_SAMPLE"]
        self.addCleanup(os.environ.__setitem__, "FP4_RUNNER_SAMPLE", sample)
        self.assertIn("1 tests failed out of 1", self.ctest("Sample.Passes").stdout)

    def test_every_method_of_a_python_file_is_an_entry_and_none_can_look_skipped(self):
        done = self.ctest(python_tests=PYTHON_TESTS)
        self.assertIn("2 tests failed out of 5", done.stdout)
        self.assertRegex(done.stdout, r"test_prints_what_a_skip_looks_like_and_fails \.*\*\*\*Failed")
        self.assertRegex(done.stdout, r"test_is_expected_to_fail_and_passes \.*\*\*\*Failed")
        self.assertRegex(done.stdout, r"test_skips \.*\*\*\*Skipped")

    def test_a_python_file_without_a_test_is_refused(self):
        self.assertNotEqual(self.configure(python_tests="class Sample: pass").returncode, 0)

    def test_a_selection_of_no_test_is_red(self):
        self.configure("Sample.Passes")
        self.assertNotEqual(self.run_tests("-R", "nothing").returncode, 0)

    def test_results_of_an_earlier_run_do_not_count(self):
        self.ctest("Sample.Fails")
        self.configure("Sample.Passes")
        done = self.run_tests()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.endswith("1 passed, 0 failed, 0 skipped\n"), done.stdout)


if __name__ == "__main__":
    unittest.main()
