"""A headless Chromium driven through chromedriver with the standard library alone."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = "needs chromium and chromedriver (Debian: apt-get install chromium chromium-driver)"


class Page:
    """One tab. Pages are files; what it asks for, and what it says, can be read afterwards."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.session = port, session

    def call(self, path: str, **body: Any) -> Any:
        return ask(self.port, f"/session/{self.session}/{path}", body)

    def devtools(self, command: str, **params: Any) -> Any:
        return self.call("goog/cdp/execute", cmd=command, params=params)

    def run(self, script: str) -> Any:
        return self.call("execute/sync", script=script, args=[])

    def show(self, file: Path, width: int, height: int, scheme: str = "light", media: str = "screen") -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("url", url=file.as_uri())

    def logs(self, kind: str) -> list[dict[str, Any]]:
        return list(self.call("se/log", type=kind))

    def requests(self, file: Path) -> list[str]:
        """Return the addresses that a page asked for since the last call; the browser's own pages are left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.logs("performance")]
        asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [a["request"]["url"] for a in asked if a["documentURL"] == file.as_uri()]

    def screenshot(self, out: Path, top: int = 0, height: int | None = None) -> bytes:
        """Write the page from `top` on, the whole of it unless a height in pixels is given."""
        wide, high = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
        clip = {"x": 0, "y": top, "width": wide, "height": height or high - top, "scale": 1}
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        png = base64.b64decode(shot["data"])
        out.write_bytes(png)
        return png

    def pdf(self, out: Path) -> bytes:
        """Write the page as it is printed."""
        data = base64.b64decode(self.devtools("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
        out.write_bytes(data)
        return data


def ask(port: int, path: str, body: dict[str, Any] | None, method: str = "POST") -> Any:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        line.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        value = json.loads(line.getresponse().read())["value"]
    finally:
        line.close()
    if isinstance(value, dict) and "error" in value:
        raise RuntimeError(f"{path}: {value['error']}: {value.get('message')}")
    return value


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """Start a browser with a profile of its own and stop it again."""
    assert BROWSER and DRIVER, MISSING
    log = profile / "driver.log"
    with log.open("w") as out:
        process = subprocess.Popen([DRIVER, "--port=0"], stdout=out, stderr=subprocess.STDOUT)
    try:
        port = _port(log)
        args = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars"]
        args.append(f"--user-data-dir={profile}")
        if os.geteuid() == 0:
            args.append("--no-sandbox")
        wanted = {
            "goog:chromeOptions": {"binary": BROWSER, "args": args},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = ask(port, "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        yield Page(port, session)
        ask(port, f"/session/{session}", None, "DELETE")
    finally:
        process.terminate()
        process.wait(20)


def _port(log: Path) -> int:
    """Wait for the driver to say which port it took."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for line in log.read_text().splitlines():
            if "started successfully on port" in line:
                return int(line.rsplit(" ", 1)[1].rstrip("."))
        time.sleep(0.05)
    raise RuntimeError(f"chromedriver did not start: {log.read_text()}")
