"""The page in a real browser: no error, no overflow, tables that sort."""

from __future__ import annotations

import ctypes.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--no-sandbox",  # Chromium refuses its sandbox to root; the page is our own file
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]

# Playwright brings a Node.js of its own, which needs this library of the system
ATOMIC = ctypes.util.find_library("atomic")

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed"),
    pytest.mark.skipif(not ATOMIC, reason="libatomic1 is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()


def opened(browser: Browser, path: Path, width: int, scheme: str) -> tuple[Page, list[str]]:
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on(
        "request",
        lambda r: noise.append(r.url) if not r.url.startswith(("file:", "data:")) else None,
    )
    page.goto(path.as_uri())
    return page, noise


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark"), (2560, "light")])
def test_page_is_quiet_and_fits(
    browser: Browser, written: dict[str, Path], width: int, scheme: str
) -> None:
    page, noise = opened(browser, written[".html"], width, scheme)
    assert noise == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_dark_scheme_turns_paper_and_ink_round(browser: Browser, written: dict[str, Path]) -> None:
    def paper(scheme: str) -> str:
        page, _ = opened(browser, written[".html"], 800, scheme)
        colour = str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
        return colour

    assert paper("light") != paper("dark")


def test_tables_sort_with_missing_values_last(browser: Browser, written: dict[str, Path]) -> None:
    page, noise = opened(browser, written[".html"], 1280, "light")
    head = page.locator("#table-matrix thead th").nth(2)
    cells = page.locator("#table-matrix tbody tr td:nth-child(3)")
    for order in (1, -1):
        head.locator("button").click()
        texts = cells.all_text_contents()
        assert texts[-1] == "not available"
        values = [float(t) * order for t in texts[:-1]]
        assert values == sorted(values)
    assert noise == []
    page.close()
