"""The page that the service serves, in the system's Chromium."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from playwright.async_api import ConsoleMessage, Locator, Page, expect

from tests.integration.browser import browsing
from tests.integration.foreign import NODE, install_packages
from tests.integration.service import Service
from tests.requires import ROOT

PICTURES = ROOT / "build" / "screenshots"  # for a person to look at: not part of the repository
LIST = "#/list/Test?symbols={}"


@contextlib.asynccontextmanager
async def dashboard(
    service: Service, fragment: str = "", *, scheme: str = "light", width: int = 1440, may_lose: bool = False
) -> AsyncIterator[Page]:
    """The page; nothing has gone to its console in the end, unless it `may_lose` the service, which Chromium tells."""
    async with browsing() as page:
        told: list[str] = []

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (may_lose and "ERR_CONNECTION" in message.text):
                told.append(message.text)

        page.on("console", note)
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.goto(f"http://127.0.0.1:{service.port}/{fragment}")
        yield page
        assert told == [], told


def watching(*symbols: str) -> str:
    """The address of a watchlist with these symbols or patterns."""
    return LIST.format(",".join(symbols))


def line(page: Page, symbol: str) -> Locator:
    """A symbol's line."""
    return page.locator(f'.row[data-symbol="{symbol}"]')


def figure(page: Page, symbol: str, column: str) -> Locator:
    """A symbol's figure."""
    return line(page, symbol).locator(f".cell.{column}")


async def has_lines(page: Page, *symbols: str) -> None:
    """Returns once exactly these are on the screen, in this order."""
    shown = "[...document.querySelectorAll('.body .row')].map(row => row.dataset.symbol).join()"
    await page.wait_for_function(f"wanted => {shown} === wanted", arg=",".join(symbols))


async def is_in_state(page: Page, symbol: str, state: str) -> None:
    """Returns once the symbol's line says so."""
    await expect(line(page, symbol)).to_have_attribute("data-state", state)


async def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, for a person to look at."""
    await page.screenshot(path=PICTURES / f"{name}.png")


async def complaints(page: Page) -> Sequence[Any]:
    """What axe-core has against the page as it is."""
    await asyncio.to_thread(install_packages)
    await page.evaluate((NODE / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [(one["id"], [node["html"][:200] + node["failureSummary"] for node in one["nodes"][:3]]) for one in found]
