"""Debian's Chromium through Playwright, where both are there; else a test is skipped, named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
INSTALL = "apt-get install chromium && pip install playwright"


@contextmanager
def a_browser() -> Iterator[Any]:
    """A headless Chromium without a network."""
    if CHROMIUM is None:
        pytest.skip(f"there is no chromium here: {INSTALL}")
    playwright = pytest.importorskip("playwright.sync_api", reason=f"install it: {INSTALL}")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and what it did that it must not."""

    def __init__(self, browser: Any, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", self._on_dialog)

    def open(self, path: Any, *, suffix: str = "") -> Any:
        """Open a file and wait until its cases are there."""
        self.page.goto(f"file://{path}{suffix}")
        self.page.wait_for_selector("html[data-ready]", state="attached", timeout=20_000)
        return self.page

    def _on_dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
