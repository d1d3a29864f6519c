"""The live page as a browser shows it. Skipped, loudly, where there is no Chromium (`apt-get install chromium`)."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from browser import DEADLINE_SECONDS, PROGRAM, Browser

BIN = pathlib.Path(os.environ.get("FP4_BIN", "build/bin"))
FILL_STORE = os.environ.get("FP4_FILL_STORE", "build/tests/fill_store")

# Texts whose colour is too near to what is behind them, as WCAG 2.1 counts (1.4.3): below 4.5 to 1.
LOW_CONTRAST = """(() => {
  const parts = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = parts(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const texts = [...node.childNodes].filter((child) => child.nodeType === 3 && child.textContent.trim());
    const box = node.getBoundingClientRect();
    if (texts.length === 0 || box.width < 2 || box.left < -1000 || node.closest("svg")) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}: ${texts[0].textContent.trim().slice(0, 40)}`);
  }
  return found;
})()"""


class Controller:
    def __init__(self, folder):
        self.folder, self.address = pathlib.Path(folder), "127.0.0.1:0"
        self.process = None

    def start(self):
        with open(self.folder / "controller.log", "ab") as log:
            self.process = subprocess.Popen([BIN / "fp4-controller", "--data-dir", self.folder, "--listen", "127.0.0.1:0", "--http", self.address], stderr=log)
        endpoints = self.folder / "endpoints.json"
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            if endpoints.exists() and (text := endpoints.read_text()) and json.loads(text)["pid"] == self.process.pid:
                self.address = json.loads(text)["http"]
                return self
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.folder / "controller.log").read_text()[-3000:])
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()


@unittest.skipUnless(PROGRAM, "there is no Chromium here: the page has not been tried in a browser")
class LivePageTest(unittest.TestCase):
    """An experiment of fifteen runs: names that are hard to show, runs that fail, diverge, wait or have no points."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="fp4-page-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        filled = subprocess.run([FILL_STORE, folder, "15", "2000", "odd"], check=True, capture_output=True, text=True)
        self.experiment = filled.stdout.strip()
        self.controller = Controller(folder).start()
        self.addCleanup(self.controller.kill)
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.look()

    def open(self, path):
        self.browser.open(f"http://{self.controller.address}{path}")
        self.browser.wait_for("the view", "document.querySelector('main h1')")

    def open_experiment(self):
        self.open(f"/experiments/{self.experiment}")
        self.browser.wait_for("curves", "performance.getEntriesByName('drawn train/loss').length > 0")
        self.browser.wait_for("verdicts", "document.querySelector('.verdicts li')")
        self.browser.wait_for("layers", "document.querySelector('.layers li')")
        self.browser.wait_for("documents", "document.querySelector('details pre')")

    def run_of(self, state):
        return self.browser.evaluate(f"[...document.querySelectorAll('tbody tr')].find((row) => row.querySelector('.state.{state}')).querySelector('a').getAttribute('href')")

    def assert_legible(self, what):
        self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth - innerWidth"), 0, f"{what} overflows")
        self.assertEqual(self.browser.evaluate(LOW_CONTRAST), [], what)
        self.assertEqual(self.browser.complaints, [], what)

    def test_every_view_is_legible_on_a_desk_and_a_phone_by_day_and_by_night(self):
        self.open_experiment()
        views = [f"/experiments/{self.experiment}", self.run_of("failed"), self.run_of("completed"), "/", "/queue", "/workers"]
        for width, dark in ((1440, False), (1440, True), (390, False), (390, True)):
            self.browser.look(width, 900, dark)
            for path in views:
                with self.subTest(path=path, width=width, dark=dark):
                    self.open(path)
                    self.browser.wait_for("what it loads", "document.getElementById('live').dataset.state && !document.querySelector('main [role=alert]')")
                    if path.startswith(("/experiments/", "/runs/")):
                        self.browser.wait_for("curves", "document.querySelector('.curves canvas')")
                    self.assert_legible(path)

    def test_names_are_shown_and_never_run(self):
        self.open_experiment()
        text = self.browser.evaluate("document.body.innerText")
        for name in ("\"><script>alert('name')</script>", "<img src=x onerror=alert(1)>", "مرحبا بالعالم-fp4", "🙂-emoji-🚀", "<b onclick=alert(2)>bold</b>"):
            self.assertIn(name, text)
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('main img, main script, main b').length"), 0)
        self.assertEqual(self.browser.complaints, [])   # no dialog, and nothing that the policy stopped

    def test_what_is_not_finite_has_failed_or_is_missing_says_so(self):
        self.open_experiment()
        text = self.browser.evaluate("document.body.innerText")
        self.assertIn("seed 1: NaN from step 1,2", text)
        self.assertIn("(no values)", text)
        self.assertIn("3 of 3 runs failed", text)
        self.assertIn("the loss is NaN since step 1200", text)
        self.open(self.run_of("failed"))
        self.browser.wait_for("its events", "document.body.innerText.includes('<b>the loss is NaN</b> & training stops')")

    def test_predictions_moves_and_decisions_of_a_run_are_shown(self):
        self.open_experiment()
        self.open(self.run_of("completed"))
        self.browser.wait_for("the moves", "document.body.innerText.includes('What more would gain')")
        text = self.browser.evaluate("document.body.innerText")
        for expected in ("What each recipe would cost", "What the budget chose", "the first decision; 58 kB of 60 kB", "blocks.all.mlp.up-plus-8", "4.61 kB", "+0.02", "<i>own</i>"):
            self.assertIn(expected, text)
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('main i').length"), 0)
        self.assertGreater(self.browser.evaluate("Math.max(...[...document.querySelectorAll('.bar')].map((bar) => bar.clientWidth))"), 40)
        self.browser.evaluate("[...document.querySelectorAll('th button')].find((head) => head.innerText === 'Predicted gain').click()")
        self.assertEqual(self.browser.evaluate("document.querySelector('th[aria-sort]').innerText"), "Predicted gain")
        self.assertEqual(self.browser.complaints, [])

    def test_keys_reach_everything_and_the_focus_is_seen(self):
        self.open_experiment()
        wanted = self.browser.evaluate("""[...document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]')].filter((node) => node.checkVisibility()).length""")
        seen, unseen = set(), []
        self.browser.evaluate("document.body.focus()")
        for _ in range(wanted + 5):
            self.browser.press("Tab")
            place = self.browser.evaluate("""(() => {
              const node = document.activeElement;
              if (node === document.body) return null;
              node.dataset.reached ??= String(window.reached = (window.reached ?? 0) + 1);
              return [node.dataset.reached, getComputedStyle(node).outlineStyle, node.tagName];
            })()""")
            if place is None:
                break
            seen.add(place[0])
            if place[1] == "none":
                unseen.append(place)
        self.assertEqual(unseen, [])
        # A group of radio buttons would count once; there is none. The browser's own scrollers may add some.
        self.assertGreaterEqual(len(seen), wanted)

    def test_a_zoom_asks_the_controller_again_and_keys_do_what_the_mouse_does(self):
        self.open_experiment()
        drawn = "performance.getEntriesByName('drawn train/loss').length"
        asked = "performance.getEntriesByType('resource').filter((one) => one.name.includes('from_step=')).length"
        before, asked_before = self.browser.evaluate(drawn), self.browser.evaluate(asked)
        self.browser.evaluate("document.querySelector('.curves[aria-label^=\"train/loss\"]').focus()")
        for _ in range(5):
            self.browser.press("+")
        self.browser.wait_for("finer stretches", f"{drawn} > {before} && {asked} > {asked_before}")
        self.browser.wait_for("single steps", "!document.querySelector('.curves[aria-label^=\"train/loss\"]').parentElement.innerText.includes('is the mean of')")
        self.browser.press("ArrowRight")
        self.browser.wait_for("a value", "/step [\\d,]+ · baseline: [\\d.]+/.test(document.querySelector('.curves[aria-label^=\"train/loss\"] + .hover').innerText)")
        self.browser.press("0")
        self.browser.wait_for("all steps", "document.querySelector('.curves[aria-label^=\"train/loss\"]').parentElement.innerText.includes('is the mean of')")
        self.assertEqual(self.browser.complaints, [])

    def test_goes_on_after_a_restart_of_the_controller(self):
        self.open_experiment()
        self.controller.kill()
        self.browser.wait_for("that it is away", "document.getElementById('live').dataset.state === 'waiting'")
        self.controller.start()
        self.browser.wait_for("that it is back", "document.getElementById('live').dataset.state === 'live'")
        last = self.browser.evaluate("performance.getEntriesByName('drawn train/loss').at(-1).startTime")
        self.browser.wait_for("what it missed", f"performance.getEntriesByName('drawn train/loss').at(-1).startTime >= {last}")

    def test_links_move_between_views_and_back(self):
        self.open("/")
        self.browser.wait_for("the list", "document.querySelector('main a')")
        self.browser.evaluate("document.querySelector('main a').click()")
        self.browser.wait_for("the experiment", f"location.pathname === '/experiments/{self.experiment}' && document.querySelector('.verdicts')")
        self.browser.evaluate("history.back()")
        self.browser.wait_for("the list again", "location.pathname === '/' && document.querySelector('main h1').innerText === 'Experiments'")
        self.browser.open(f"http://{self.controller.address}/experiments/zzzz")
        self.browser.wait_for("an error", "document.querySelector('[role=alert]')?.innerText.includes(\"no experiment 'zzzz'\")")


if __name__ == "__main__":
    unittest.main()
