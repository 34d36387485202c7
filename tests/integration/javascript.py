"""The JavaScript client, in a process of Node's, told what to do and telling what it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.integration.foreign import NODE, Told, by_line, install_packages, printing
from tests.requires import program


class Page(Told):
    """What a page with the client has been told. Messages name the subscription that they were for in `to`."""

    def __init__(self, commands: asyncio.StreamWriter | None = None) -> None:
        super().__init__()
        self.commands = commands

    def do(self, *commands: tuple[Any, ...]) -> None:
        """Have it done in one moment: ("subscribe", name, channel, symbols, options) and others of tests/node."""
        assert self.commands is not None
        self.commands.write(json.dumps(commands).encode() + b"\n")

    def heard(self, name: str, kind: str) -> list[dict[str, Any]]:
        """The messages of a type that a subscription has got."""
        return [m for m in self.messages if m.get("to") == name and m["type"] == kind]

    async def jumps(self, condition: Callable[[int], bool]) -> None:
        """Returns once the last two rows are so many updates apart, of those that come from now on."""
        self.messages.clear()

        def holds() -> bool:
            rows = [m["seq"] for m in self.messages if m["type"] == "ticker"]
            return len(rows) > 2 and condition(rows[-1] - rows[-2])

        await self.changes.until(holds, f"a jump of seq; the last messages: {self.messages[-3:]}")

    async def next(self, **fields: Any) -> dict[str, Any]:
        """As `expect`, of what comes from now on."""
        self.messages.clear()
        return await self.expect(**fields)


@contextlib.asynccontextmanager
async def page(url: str, **options: Any) -> AsyncIterator[Page]:
    """A page that connects to `url`; `options` are those of the client and of tests/node/ticker.mjs."""
    command = [program("node", "nodejs"), "ticker.mjs", url, json.dumps(options)]
    await asyncio.to_thread(install_packages)
    told = Page()
    async with printing(by_line(told.take), *command, cwd=NODE) as told.commands:
        yield told
