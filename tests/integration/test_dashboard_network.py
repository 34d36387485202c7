"""The page over a slow network, as Chromium makes one, and in a tab that is not looked at."""

from pathlib import Path

from playwright.async_api import expect

from tests.integration.dashboard import dashboard, figure, is_in_state, watching
from tests.integration.scenes import BINANCE, INSTRUMENT, bid
from tests.integration.service import feed, serving
from tests.venues.binance import Binance
from tests.waiting import DEADLINE_S

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}  # ms, bytes/s

# Headless Chromium shows every tab: what a hidden one tells its page is told here.
LOOK_AWAY = """
away => {
  Object.defineProperty(document, "hidden", { configurable: true, value: away });
  Object.defineProperty(document, "visibilityState", { configurable: true, value: away ? "hidden" : "visible" });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}
"""


async def test_over_a_slow_network_the_page_comes_and_its_prices_are_right(tmp_path: Path) -> None:
    symbol = BINANCE.symbol
    async with Binance() as venue, serving(tmp_path, feed("binance", [INSTRUMENT], venue.url)) as service:
        session = await venue.session(0, *BINANCE.subscriptions)
        await session.publish(BINANCE.quote(1))
        async with dashboard(service, "#/status") as page:
            browser = await page.context.new_cdp_session(page)
            await browser.send("Network.enable")
            await browser.send("Network.emulateNetworkConditions", SLOW)
            await page.goto("about:blank")
            await page.goto(f"http://127.0.0.1:{service.port}/{watching(symbol)}")
            await expect(figure(page, symbol, "bid")).to_have_text(bid(1), timeout=DEADLINE_S * 1_000)
            for number in range(2, 40):
                await session.publish(BINANCE.quote(number))
            await expect(figure(page, symbol, "bid")).to_have_text(bid(39))
            await is_in_state(page, symbol, "live")


async def test_a_hidden_tab_is_right_when_it_is_shown_again(tmp_path: Path) -> None:
    symbol = BINANCE.symbol
    async with Binance() as venue, serving(tmp_path, feed("binance", [INSTRUMENT], venue.url)) as service:
        session = await venue.session(0, *BINANCE.subscriptions)
        await session.publish(BINANCE.quote(1))
        async with dashboard(service, watching(symbol)) as page:
            await expect(figure(page, symbol, "bid")).to_have_text(bid(1))
            await page.evaluate(LOOK_AWAY, True)
            for number in range(2, 100):
                await session.publish(BINANCE.quote(number))
            await page.evaluate(LOOK_AWAY, False)
            await expect(figure(page, symbol, "bid")).to_have_text(bid(99), timeout=2_000)
            await is_in_state(page, symbol, "live")
