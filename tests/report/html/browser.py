"""A headless Chromium that tests speak to through pipes (Chrome DevTools Protocol): no port, no driver, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ARGUMENTS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
#: Seconds for one answer, and for what the page does by and by; a busy machine takes its time.
_PATIENCE, _SETTLED = 90.0, 30.0
_COMPLAINTS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
Message = dict[str, Any]


class Page:
    """One tab. `complaints` are exceptions, console messages, violations of the policy and refused requests so far."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._number = 0
        self._buffer = b""
        self._events: list[Message] = []
        self._session = ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> Any:
        """Send a command and give its result."""
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            got = self._message()
            if got.get("id") == self._number:
                assert "error" not in got, (method, got["error"])
                return got["result"]
            self._note(got)

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait for it."""
        self._events.clear()
        self.call("Page.navigate", url=path.as_uri() + fragment)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._note(self._message())

    def run(self, expression: str) -> Any:
        """The value of an expression (or of the promise that it is)."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def settle(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _SETTLED
        while not self.run(condition):
            assert time.monotonic() < end, f"never: {condition}"
            time.sleep(0.02)

    def press(self, key: str, text: str = "") -> None:
        """One key, down and up; `text` is what it types."""
        code = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32}.get(key, 0)
        typed = {"text": text} if text else {}
        down = "keyDown" if text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=down, key=key, windowsVirtualKeyCode=code, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def window(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """The size in CSS pixels, the colours, and the medium."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        got = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(got["data"]))

    def paper(self, path: Path) -> None:
        """The page as PDF, as it is printed."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"]))

    def _message(self) -> Message:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._buffer += data
        first, _, self._buffer = self._buffer.partition(b"\0")
        message: Message = json.loads(first)
        return message

    def _note(self, message: Message) -> None:
        method, facts = message.get("method", ""), message.get("params", {})
        if method in _COMPLAINTS or facts.get("issue", {}).get("code") == "ContentSecurityPolicyIssue":
            self.complaints.append(f"{method}: {json.dumps(facts)}")
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {facts.get('message')}")
            self._number += 1
            answer = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            os.write(self._write, json.dumps(answer | {"sessionId": self._session}).encode() + b"\0")
        elif method == "Network.requestWillBeSent":
            self.requests.append(str(facts["request"]["url"]))
        if method:
            self._events.append(message)


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with one tab, ended afterwards; skips where there is none, or where it cannot start."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("chromium is not installed")
    folder = tempfile.mkdtemp(prefix="audit-browser-")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    quiet = os.open(os.devnull, os.O_RDWR)
    arguments = [program, *_ARGUMENTS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # The browser reads commands from 3 and writes answers to 4; copies far above keep the pipes from each other's way.
    moves = [(os.POSIX_SPAWN_DUP2, quiet, number) for number in (0, 1, 2)]
    moves += [(os.POSIX_SPAWN_DUP2, theirs_in, 103), (os.POSIX_SPAWN_DUP2, theirs_out, 104)]
    moves += [(os.POSIX_SPAWN_DUP2, 103, 3), (os.POSIX_SPAWN_DUP2, 104, 4)]
    environment = {**os.environ, "HOME": folder}
    process = os.posix_spawn(program, arguments, environment, file_actions=moves, setsid=True)
    for number in (theirs_in, theirs_out, quiet):
        os.close(number)
    try:
        try:
            page = Page(ours_out, ours_in)
        except (BrokenPipeError, TimeoutError) as error:
            pytest.skip(f"chromium does not start: {error}")
        yield page
    finally:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ours_out)
        os.close(ours_in)
        shutil.rmtree(folder, ignore_errors=True)


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of two colours, by WCAG 2.2."""

    def light(colour: tuple[float, ...]) -> float:
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    first, second = sorted((light(one), light(other)))
    return (second + 0.05) / (first + 0.05)
