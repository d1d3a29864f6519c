"""Logging in and out of the live page, as a browser does. Skipped, loudly, where there is no Chromium (`apt-get install chromium`)."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from browser import PROGRAM, Browser
from live_page_test import BIN, LOW_CONTRAST, Controller

SCREENSHOTS = os.environ.get("FP4_SCREENSHOTS")   # a folder to keep what was seen in
FORM = "document.getElementById('token')"
VIEW = "document.querySelector('main h1')?.innerText === 'Experiments'"


@unittest.skipUnless(PROGRAM, "there is no Chromium here: the login has not been tried in a browser")
class LoginTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-login-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        subprocess.run([BIN / "fp4-controller", "--data-dir", self.folder, "--create-admin-token", self.folder / "admin.token"],
                       check=True, capture_output=True)
        self.controller = Controller(self.folder).start()
        self.addCleanup(self.controller.kill)
        self.token("create", "ann", "--role", "viewer", "--file", self.folder / "ann.token")
        self.text = (self.folder / "ann.token").read_text().strip()
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.look()

    def token(self, *arguments):
        grpc = json.loads((self.folder / "endpoints.json").read_text())["grpc"]
        subprocess.run([BIN / "fp4ctl", "token", *arguments], check=True, capture_output=True,
                       env={**os.environ, "FP4_CONTROLLER": grpc, "FP4_TOKEN_FILE": str(self.folder / "admin.token")})

    def open(self, path="/"):
        self.browser.open(f"http://{self.controller.address}{path}")

    def type_and_send(self, text):
        self.browser.wait_for("the question", FORM)
        self.browser.evaluate(f"{FORM}.focus()")
        self.browser.call("Input.insertText", text=text)
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)

    def log_in(self):
        self.type_and_send(self.text)
        self.browser.wait_for("the view", VIEW)

    def can_leave(self):
        return self.browser.evaluate("document.getElementById('logout').checkVisibility()")

    def test_the_question_is_legible_on_a_desk_and_a_phone_by_day_and_by_night(self):
        for width, dark in ((1440, False), (1440, True), (390, False), (390, True)):
            with self.subTest(width=width, dark=dark):
                self.browser.look(width, 900, dark)
                self.open()
                self.type_and_send("fp4_none")
                self.browser.wait_for("what is wrong", "document.querySelector('[role=alert]').innerText")
                self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)
                self.assertEqual(self.browser.evaluate(LOW_CONTRAST), [])
                self.assertEqual(self.browser.evaluate("document.activeElement.id"), "token")
                self.assertTrue(self.browser.evaluate(f"{FORM}.labels[0].innerText.includes('Token')"))
                if SCREENSHOTS:
                    self.browser.screenshot(pathlib.Path(SCREENSHOTS) / f"login-{width}-{'dark' if dark else 'light'}.png")

    def test_a_wrong_token_is_refused_and_the_right_one_shows_the_view_that_was_asked_for(self):
        self.open("/workers")
        self.assertFalse(self.can_leave())
        self.type_and_send(self.text[:-1] + ("0" if self.text[-1] != "0" else "1"))
        self.browser.wait_for("what is wrong", "document.querySelector('[role=alert]').innerText.includes('not known')")
        self.assertEqual(self.browser.evaluate(f"{FORM}.value"), "")
        self.type_and_send(self.text)
        self.browser.wait_for("the view", "document.querySelector('main h1')?.innerText === 'Workers'")
        self.assertTrue(self.can_leave())
        # No script sees what the session is kept in, and nothing keeps the token.
        self.assertEqual(self.browser.evaluate("document.cookie"), "")
        kept = self.browser.evaluate("JSON.stringify([localStorage, sessionStorage, document.documentElement.outerHTML])")
        self.assertNotIn(self.text.rsplit("_", 1)[1], kept)

    def test_a_session_goes_on_in_another_page_and_ends_with_the_logout(self):
        self.open()
        self.log_in()
        self.open("/queue")
        self.browser.wait_for("the view", "document.querySelector('main h1')?.innerText === 'Queue'")
        self.assertTrue(self.can_leave())
        if SCREENSHOTS:
            for width in (1440, 390):
                self.browser.look(width, 900)
                self.browser.screenshot(pathlib.Path(SCREENSHOTS) / f"logged-in-{width}.png")
        self.browser.evaluate("document.getElementById('logout').click()")
        self.browser.wait_for("the question", FORM)
        self.assertFalse(self.can_leave())
        self.open()
        self.browser.wait_for("the question again", FORM)

    def test_a_page_that_is_open_asks_again_when_its_session_has_ended(self):
        self.open()
        self.log_in()
        self.token("revoke", "ann")
        self.browser.wait_for("the question", FORM)
        self.assertFalse(self.can_leave())
        self.type_and_send(self.text)
        self.browser.wait_for("why", "document.querySelector('[role=alert]').innerText.includes('has been revoked')")

    def test_sessions_end_with_the_controller(self):
        self.open()
        self.log_in()
        self.controller.kill()
        self.controller.start()
        self.browser.wait_for("the question", FORM)
        self.log_in()


if __name__ == "__main__":
    unittest.main()
