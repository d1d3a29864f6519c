"""A headless Chromium, driven through the pipe of its DevTools protocol: no library, no port."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

DEADLINE_SECONDS = float(os.environ.get("FP4_TEST_DEADLINE", "120"))
PROGRAM = os.environ.get("FP4_CHROMIUM") or shutil.which("chromium")


class Browser:
    """One page. What its console complains about is kept in `complaints`."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="fp4-chromium-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def place():
            # The browser reads commands from descriptor 3 and writes answers to 4.
            high_in, high_out = os.dup(to_browser), os.dup(from_browser)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.log = open(pathlib.Path(self.profile) / "browser.log", "wb")
        self.process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(to_browser)
        os.close(from_browser)
        self.answers, self.complaints = {}, []
        self.changed = threading.Condition()
        self.last_id, self.session, self.ended = 0, None, False
        threading.Thread(target=self._read, daemon=True).start()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.write_end)
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _read(self):
        buffer = b""
        while True:
            try:
                piece = os.read(self.read_end, 1 << 20)
            except OSError:
                piece = b""
            if not piece:
                with self.changed:
                    self.ended = True
                    self.changed.notify_all()
                return
            *messages, buffer = (buffer + piece).split(b"\0")
            with self.changed:
                for message in map(json.loads, messages):
                    self._take(message)
                self.changed.notify_all()

    def _take(self, message):
        method, params = message.get("method"), message.get("params", {})
        if "id" in message:
            self.answers[message["id"]] = message
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f'{params["entry"]["text"]} {params["entry"].get("url", "")}')
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f'a dialog opened: {params["message"]}')

    def call(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + DEADLINE_SECONDS
        with self.changed:
            while message["id"] not in self.answers:
                if self.ended or not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"the browser does not answer {method}")
            answer = self.answers.pop(message["id"])
        if "error" in answer:
            raise AssertionError(f'{method}: {answer["error"]["message"]}')
        return answer["result"]

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f'{expression}: {result["exceptionDetails"]["exception"].get("description")}')
        return result["result"].get("value")

    def wait_for(self, what, expression):
        end = time.monotonic() + DEADLINE_SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"not seen within {DEADLINE_SECONDS:.0f} s: {what}; the page says:\n{self.evaluate('document.body.innerText')[:2000]}\n{self.complaints}")
            time.sleep(0.05)

    def look(self, width=1440, height=1000, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url):
        self.evaluate("window.left = true")
        self.call("Page.navigate", url=url)
        self.wait_for(f"{url} loaded", "!window.left && document.readyState === 'complete'")

    def press(self, key, shift=False):
        for kind in ("rawKeyDown", "keyUp"):
            extra = {"text": key} if len(key) == 1 and kind == "rawKeyDown" else {}
            self.call("Input.dispatchKeyEvent", type="keyDown" if extra else kind, key=key, code=key, modifiers=8 if shift else 0,
                      windowsVirtualKeyCode={"Tab": 9, "Enter": 13, " ": 32, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}.get(key, ord(key[0])), **extra)

    def screenshot(self, path, whole=True):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}} if whole else {}
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(image))
