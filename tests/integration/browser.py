"""A page in the system's Chromium, without a window: served from a port of its own, so of another origin than ours."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.requires import program
from tests.waiting import DEADLINE_S

KINDS = {"mjs": "text/javascript", "js": "text/javascript", "css": "text/css"}


@contextlib.asynccontextmanager
async def browsing(**functions: Callable[..., Any]) -> AsyncIterator[Page]:
    """An empty page, whose scripts may call `functions`. In the end no script of it has thrown anything."""
    path = program("chromium", "chromium")
    # The Node.js that comes with playwright needs libraries that a small Debian has not.
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = program("node", "nodejs")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            page = await browser.new_page()
            page.set_default_timeout(DEADLINE_S * 1_000)
            thrown: list[str] = []
            page.on("pageerror", lambda error: thrown.append(str(error)))
            for name, function in functions.items():
                await page.expose_function(name, function)
            yield page
            assert thrown == []
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def opened(files: Mapping[str, str], **functions: Callable[..., Any]) -> AsyncIterator[Page]:
    """The page `/` of a site that consists of `files`, by path."""
    async with serving(files) as base, browsing(**functions) as page:
        await page.goto(base)
        yield page


@contextlib.asynccontextmanager
async def serving(files: Mapping[str, str]) -> AsyncIterator[str]:
    """The address of a site."""

    async def answer(request: web.Request) -> web.Response:
        if request.path not in files:
            return web.Response(status=404)
        kind = KINDS.get(request.path.rpartition(".")[2], "text/html")
        return web.Response(text=files[request.path], content_type=kind)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
