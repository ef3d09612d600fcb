"""A real browser on the chat page, and what tests look for in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}


@contextmanager
def browsing(folder: Path) -> Iterator[WebDriver]:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in [*ARGS, f"--user-data-dir={folder}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(executable_path="/usr/bin/chromedriver", log_output=subprocess.DEVNULL)
    with WebDriver(options, service) as page:
        resize(page, WIDE)
        yield page
        said = page.execute("getLog", {"type": "browser"})["value"]
    assert said == []


def resize(page: WebDriver, size: dict[str, int]) -> None:
    # a window cannot be as narrow as a phone, an emulated screen can
    screen = {**size, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def found(page: WebDriver, css: str) -> list[WebElement]:
    return page.find_elements(By.CSS_SELECTOR, css)


def link(page: WebDriver, text: str) -> str | None:
    return page.find_element(By.LINK_TEXT, text).get_dom_attribute("href")


def wait(page: WebDriver, condition: Callable[[], bool], what: str) -> None:
    patient = WebDriverWait(page, 10, 0.1, [StaleElementReferenceException])
    patient.until(lambda _: condition(), what)


def shows(page: WebDriver, css: str, *texts: str) -> None:
    wait(page, lambda: [one.text for one in found(page, css)] == [*texts], f"{css} shows {texts}")


def counts(page: WebDriver, css: str, count: int) -> None:
    wait(page, lambda: len(found(page, css)) == count, f"{count} times {css}")


def visible(page: WebDriver, css: str, *, is_so: bool = True) -> None:
    wait(page, lambda: [one.is_displayed() for one in found(page, css)] == [is_so], f"{css} visible: {is_so}")
