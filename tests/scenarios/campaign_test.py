"""A short, fixed part of the fault campaign, and mistakes that it has to find. `script/campaign` runs more of it."""
import os
import unittest

from campaign import campaign, plan

JOBS = 3 * (os.cpu_count() or 1)


class Campaign(unittest.TestCase):
    maxDiff = None

    def violations(self, summary):
        return {result["seed"]: result["violations"] for result in summary.failed}

    def test_histories_under_faults_hold_the_model(self):
        summary = campaign.run(range(1, 21), JOBS)
        self.assertEqual(summary.num_histories, 20)
        self.assertEqual(self.violations(summary), {})

    def test_answers_before_the_commit_are_found(self):
        summary = campaign.run(range(1, 51), JOBS, planted="acknowledge-early", stop_at_first=True)
        self.assertNotEqual(self.violations(summary), {})

    def test_a_controller_without_fences_is_found(self):
        summary = campaign.run(range(1, 51), JOBS, planted="fencing-off", stop_at_first=True)
        self.assertNotEqual(self.violations(summary), {})

    def test_a_seed_alone_says_what_happens(self):
        self.assertEqual(plan.draw(7).describe(), plan.draw(7).describe())
        self.assertNotEqual(plan.draw(7).describe(), plan.draw(8).describe())


if __name__ == "__main__":
    unittest.main()
