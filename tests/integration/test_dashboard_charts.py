"""The candles of a symbol's page in a browser, against the real service."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.integration.dashboard import complaints, dashboard, picture
from tests.integration.scenes import BINANCE, INSTRUMENT
from tests.integration.service import Service, feed, running, serving, table
from tests.requires import charts
from tests.venues import binance
from tests.venues.binance import Binance

SYMBOL = "sim:BTC-USDT"
CORNER = """
() => {
  const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  copy.drawImage(document.querySelector(".chart canvas"), -4, -4);
  return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
"""
NOTHING_LATER = """
new MutationObserver(() => document.querySelector('meta[name="later"]')?.remove())
  .observe(document, { subtree: true, childList: true });
"""
LIGHT, DARK = [255, 255, 255], [19, 23, 30]  # --surface


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with bars of before its start."""
    charts()
    stanza = table(
        "[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT", "ETH-USDT"], rate=40, history=True
    )
    with running(tmp_path_factory.mktemp("charts"), stanza) as service:
        service.wait_until_ready()
        yield service


def chart(page: Page) -> Locator:
    """The box of the chart."""
    return page.locator(".chart")


async def has_bars(page: Page, text: str) -> None:
    """Returns once the chart has been given bars, as many and as long as `text` (a pattern) says."""
    await expect(chart(page)).to_have_attribute("aria-label", re.compile(text))


async def test_candles_are_drawn_as_many_as_are_kept(history: Service) -> None:
    async with dashboard(history, f"#/symbol/{SYMBOL}") as page:
        await expect(chart(page).locator("canvas").first).to_be_visible()
        await has_bars(page, r"^Candles of sim:BTC-USDT: (299|30\d) bars of 1 minute$")
        await expect(page.locator(".bar-in-words")).to_contain_text(re.compile(r"close \d+\.\d+"))
        link = page.get_by_role("link", name="https://www.tradingview.com/")
        await expect(link).to_have_attribute("href", "https://www.tradingview.com/")
        assert await complaints(page) == []


async def test_the_last_bar_follows_the_feed_digit_by_digit(tmp_path: Path) -> None:
    charts()
    symbol = BINANCE.symbol
    async with Binance() as venue, serving(tmp_path, feed("binance", [INSTRUMENT], venue.url)) as service:
        session = await venue.session(0, *BINANCE.subscriptions)
        async with dashboard(service, f"#/symbol/{symbol}") as page:
            words = page.locator(".bar-in-words")
            now = time.time_ns() // 1_000_000
            await session.publish(binance.agg_trade("BTCUSD", 1, "1500.00", at=now))
            await has_bars(page, ": 1 bar of 1 minute$")
            await expect(words).to_contain_text("close 1500.00")
            before = await chart(page).screenshot()
            await session.publish(binance.agg_trade("BTCUSD", 2, "1501.10", at=now))
            await expect(words).to_contain_text(re.compile(r"high 1501\.10 .*low 1500\.00 .*close 1501\.10"))
            await page.evaluate("new Promise(requestAnimationFrame)")
            assert await chart(page).screenshot() != before


async def test_the_interval_is_chosen_by_mouse_and_by_keyboard_and_stays(history: Service) -> None:
    async with dashboard(history, f"#/symbol/{SYMBOL}") as page:
        await has_bars(page, "bars of 1 minute$")
        await page.get_by_text("5m", exact=True).click()
        await has_bars(page, r"(299|30\d) bars of 5 minutes$")
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("radio", name="1 hour")).to_be_focused()
        await has_bars(page, r"\d+ bars of 1 hour$")
        await page.evaluate("location.hash = '#/symbol/sim:ETH-USDT'")
        await has_bars(page, r"^Candles of sim:ETH-USDT: \d+ bars of 1 hour$")


async def test_an_interval_that_is_not_on_offer_says_so(tmp_path: Path) -> None:
    charts()
    stanza = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT"], rate=20)
    offer = table("[bars]", intervals=["1m"])
    async with serving(tmp_path, stanza, offer) as service, dashboard(service, f"#/symbol/{SYMBOL}") as page:
        await has_bars(page, "of 1 minute$")
        await page.get_by_text("1h", exact=True).click()
        await expect(page.locator(".candles")).to_contain_text("No candles: interval: no such one here; one of 1m")


async def test_colours_follow_the_systems_setting(history: Service) -> None:
    async with dashboard(history, f"#/symbol/{SYMBOL}", scheme="light") as page:
        await has_bars(page, "bars of")
        assert await page.evaluate(CORNER) == LIGHT
        await page.emulate_media(color_scheme="dark")
        await page.wait_for_function(f"wanted => ({CORNER})().join() === wanted.join()", arg=DARK)


async def test_without_what_draws_the_page_says_how_to_get_it(history: Service) -> None:
    async with dashboard(history, "#/status") as page:
        await page.add_init_script(NOTHING_LATER)
        await page.evaluate(f"location.hash = '#/symbol/{SYMBOL}'")
        await page.reload()
        await expect(page.locator(".candles")).to_contain_text("make charts")
        await expect(chart(page)).to_have_count(0)
        await expect(page.locator(".bar-in-words")).to_contain_text(re.compile(r"close \d+\.\d+"))
        assert await complaints(page) == []


async def test_the_feeds_health_stands_beside(history: Service) -> None:
    async with dashboard(history, f"#/symbol/{SYMBOL}") as page:
        health = page.locator(".feed")
        await expect(health).to_have_attribute("data-state", "live")
        await expect(health).to_contain_text(re.compile(r"Updates/s\d+"))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("dark", 390)])
async def test_it_fits(history: Service, scheme: str, width: int) -> None:
    async with dashboard(history, f"#/symbol/{SYMBOL}", scheme=scheme, width=width) as page:
        await has_bars(page, "30. bars of")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await picture(page, f"candles-{scheme}-{width}")
