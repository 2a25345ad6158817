"""Headless Chromium as a user's hands and eyes: it finds by what is seen, and keeps screenshots."""

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PROGRAMS = tuple(shutil.which(name) for name in ("chromium", "chromedriver"))
PATIENCE = 45
"""Seconds until what should appear is missed: MLflow's pages take 10 on a busy machine."""


class Chromium:
    """One window."""

    def __init__(self, driver: webdriver.Chrome, shots: Path) -> None:
        self.driver, self.shots = driver, shots

    def open(self, url: str) -> None:
        """Load a page anew, also where only its fragment differs."""
        self.driver.get("about:blank")
        self.driver.get(url)

    def see(self, path: str) -> WebElement:
        """Wait until an XPath finds something that is visible."""

        def visible(driver: webdriver.Chrome) -> WebElement | None:
            found = driver.find_elements("xpath", path)
            return next((element for element in found if element.is_displayed()), None)

        wait = WebDriverWait(self.driver, PATIENCE, 0.2)
        return wait.until(visible, f"not seen: {path}; {self.shot('missed')}")

    def click(self, path: str) -> WebElement:
        """Click on what `see` finds, once it does not move or hide any more."""
        self.see(path)

        def clicked(_: webdriver.Chrome) -> WebElement:
            element = self.see(path)
            element.click()
            return element

        errors = (StaleElementReferenceException, ElementClickInterceptedException)
        wait = WebDriverWait(self.driver, PATIENCE, 0.2, ignored_exceptions=errors)
        return wait.until(clicked, f"cannot be clicked: {path}")

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def texts(self, css: str) -> list[str]:
        """Return the visible texts of all that a selector finds."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText.trim())", css
        )
        return found

    def shot(self, name: str) -> Path:
        """Keep what is seen."""
        file = self.shots / f"{name}.png"
        self.driver.save_screenshot(str(file))
        return file

    def whole(self, name: str) -> Path:
        """Keep the whole page, also what one would have to scroll to."""
        taken = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True}
        )
        file = self.shots / f"{name}.png"
        file.write_bytes(base64.b64decode(taken["data"]))
        return file

    def emulate(self, media: str = "", **features: str) -> None:
        """Show the page as another medium, or to a user who prefers dark colours."""
        preferred = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        command = {"media": media, "features": preferred}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", command)

    def printed(self, name: str) -> bytes:
        """Return the page as PDF on A4, as its own style has it, and keep it."""
        made = self.driver.execute_cdp_cmd(
            "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False}
        )
        pdf = base64.b64decode(made["data"])
        (self.shots / f"{name}.pdf").write_bytes(pdf)
        return pdf

    def complaints(self) -> list[str]:
        """Return the errors on the console since the last call."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        asked = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in asked]


@contextmanager
def chromium(shots: Path, *, offline: bool = False) -> Iterator[Chromium]:
    """Start Chromium; offline it resolves no name and reaches no address."""
    options = webdriver.ChromeOptions()
    options.binary_location, driver = map(str, PROGRAMS)
    for argument in (
        "--headless=new", "--window-size=1400,1000", "--force-color-profile=srgb", "--lang=en",
        "--no-sandbox",  # root has none
        "--disable-dev-shm-usage", "--disable-background-networking",
        *(["--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>"] if offline else []),
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options, Service(driver))
    try:
        yield Chromium(window, shots)
    finally:
        window.quit()
