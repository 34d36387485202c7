"""What the page costs in a browser, and how soon it shows a price. `python -m tests.bench.page`.

Busy: 500 simulated symbols with 5,000 updates a second on one watchlist in Chromium without a window, after it has
settled: the share of the time that the page's main thread works, by Chromium's own count, and its long tasks (over 50
ms). Soon: the same page with one quote a second and symbol from a stand-in venue, whose bid is the time of its sending;
from there until after the frame that shows it, for the lines that can be seen.
"""

import asyncio
import contextlib
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from playwright.async_api import Page

from tests.bench.running import run
from tests.integration.dashboard import dashboard, watching
from tests.integration.service import Service, feed, serving, table
from tests.venues.binance import Binance, book_ticker

SETTLE_S = 5.0
WRAP_MS = 100_000_000
LONG_TASKS = """
globalThis.longTasks = [];
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(task => Math.round(task.duration))))
  .observe({ type: "longtask" });
"""
# A message port's turn comes after the frame's painting.
DELAYS = """
globalThis.delays = [];
const bids = changes => changes.map(({ target }) => target.parentElement?.closest(".cell.bid")).filter(Boolean);
new MutationObserver(changes => {
  const shown = bids(changes).map(cell => Number(cell.textContent));
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => delays.push(...shown.map(sent => Date.now() % WRAP - sent));
    port2.postMessage(null);
  });
}).observe(document.querySelector(".body"), { subtree: true, characterData: true });
""".replace("WRAP", str(WRAP_MS))


async def measure(symbols: int, rate: float, seconds: float, directory: Path) -> None:
    """Print both."""
    stanza = table("[[feeds]]", name="sim", adapter="simulated", symbols=symbols, rate=rate)
    async with serving(directory, stanza) as service:
        typer.echo(f"{symbols} symbols, {rate:,.0f} updates/s: {await busy(service, seconds)}")
    names = [f"S{number}-USD" for number in range(symbols)]
    async with (
        Binance(messages_per_second=1_000) as venue,
        serving(directory, feed("binance", names, venue.url)) as service,
    ):
        await venue.until(lambda: _subscriptions(venue) >= symbols, "the subscriptions")
        sending = asyncio.create_task(_send(venue, symbols))
        try:
            typer.echo(f"{symbols} symbols, 1 update/s each: {await soon(service, seconds)}")
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending


async def busy(service: Service, seconds: float) -> str:
    """The share of the main thread's time, and its long tasks."""
    async with dashboard(service, watching("sim:*")) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        await asyncio.sleep(SETTLE_S)
        await page.evaluate(LONG_TASKS)
        before = await _counts(session)
        await asyncio.sleep(seconds)
        after = await _counts(session)
        share = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
        return f"main thread busy {share:.1%}, long tasks {await page.evaluate('longTasks')} ms"


async def soon(service: Service, seconds: float) -> str:
    """The delays from the venue's sending to the painted cell."""
    async with dashboard(service, watching("binance:*")) as page:
        await asyncio.sleep(SETTLE_S)
        await page.evaluate(DELAYS)
        await asyncio.sleep(seconds)
        delays = sorted(await _delays(page))
        return ", ".join(f"p{p} {delays[len(delays) * p // 100]} ms" for p in (50, 90, 99)) + f" of {len(delays)}"


async def _delays(page: Page) -> list[int]:
    return [delay for delay in await page.evaluate("delays") if delay >= 0]


async def _counts(session: Any) -> dict[str, float]:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def _subscriptions(venue: Binance) -> int:
    return sum(name.endswith("@bookTicker") for session in venue.sessions for name in session.subscriptions)


async def _send(venue: Binance, symbols: int) -> None:
    """A quote of each symbol a second, evenly."""
    began, number = time.monotonic(), 0
    while True:
        sent = int(time.time() * 1_000) % WRAP_MS
        await venue.publish(book_ticker(f"S{number % symbols}USD", number + 1, str(sent), str(WRAP_MS)))
        number += 1
        await asyncio.sleep(max(0.0, began + number / symbols - time.monotonic()))


def main(
    symbols: Annotated[int, typer.Option(help="On the watchlist.")] = 500,
    rate: Annotated[float, typer.Option(help="Updates per second, over all symbols.")] = 5_000,
    seconds: Annotated[float, typer.Option(help="How long to measure each.")] = 20,
) -> None:
    """Measure the page in Chromium."""
    with TemporaryDirectory() as directory:
        run(measure(symbols, rate, seconds, Path(directory)))


if __name__ == "__main__":
    typer.run(main)
