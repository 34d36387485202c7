"""How long is the event loop held? `python -m tests.bench.holds`.

While one thing is done for one client, the loop does nothing for all others. This starts the real service with a probe
on its loop (tests/bench/held.py), has it do what takes longest, and prints the longest hold of each. Processor time is
what the service needs; the time by the clock beside it has in it what else the machine did. `--causes` says where the
loop was when it was held. Some two minutes; it ends by itself, and with it what it started. Linux only.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import msgspec
import typer
import uvloop
from msgspec import Struct

from tests.bench.crowd import Crowd
from tests.bench.held import Hold
from tests.bench.probed import Probed, probed
from tests.bench.running import run
from tests.integration.service import table
from ticker import files

SETTLE_S = 1.0  # after what was done: for what follows from it
QUIET_S = 5.0
FLOW_S = 10.0
GOODBYE_S = 3.0  # after everybody left
PER_CLIENT = 50
PATHS = ("/metrics", "/v1/symbols", "/v1/snapshot?channel=ticker&symbols=*", "/v1/status")


class Size(Struct, frozen=True):
    """How much of everything: smaller in tests."""

    wide: int = 10_000  # symbols
    several: int = 50  # clients that want all of them
    busy: int = 1_000  # symbols, and clients
    many: int = 9_000  # clients
    pause: float = 1.0  # factor of all waits


class Found(Struct, frozen=True):
    """The longest hold while something was done."""

    what: str
    hold: Hold


class Stage:
    """One service, what is done to it, and what was found."""

    def __init__(self, service: Probed, size: Size) -> None:
        self.service = service
        self.size = size
        self.found: list[Found] = []

    @asynccontextmanager
    async def measured(self, what: str, settle_s: float = SETTLE_S) -> AsyncIterator[None]:
        """The longest hold during the block and for a while after it."""
        await self.service.held()
        yield
        await self.wait(settle_s)
        self.found.append(Found(what, await self.service.held()))

    async def wait(self, seconds: float) -> None:
        """Let time go by."""
        await asyncio.sleep(seconds * self.size.pause)


async def wide(stage: Stage) -> None:
    """Many symbols."""
    size, crowd = stage.size, Crowd(stage.service.address)
    async with stage.measured(f"nothing but {size.wide:,} symbols", QUIET_S):
        pass
    await crowd.connect(1)
    for channel in ("quotes", "trades"):
        async with stage.measured(f"one client subscribes {channel} to * of {size.wide:,}"):
            await crowd.subscribe(channel, ["*"])
    await crowd.connect(size.several)
    async with stage.measured(f"{size.several} clients subscribe ticker to * of {size.wide:,}"):
        await crowd.subscribe("ticker", ["*"])
    async with aiohttp.ClientSession(f"http://{stage.service.address.netloc}", raise_for_status=True) as session:
        for path in PATHS:
            async with (
                stage.measured(f"GET {path.partition('?')[0]} with {size.wide:,} symbols"),
                session.get(path) as answer,
            ):
                await answer.read()
    async with stage.measured(f"{size.several} clients of {size.wide:,} symbols leave", GOODBYE_S):
        crowd.leave()


async def busy(stage: Stage) -> None:
    """Many clients, symbols and updates."""
    size, crowd = stage.size, Crowd(stage.service.address)
    async with stage.measured(f"{size.busy:,} clients connect"):
        await crowd.connect(size.busy)
    names = [f"sim:SYM{number}" for number in range(min(PER_CLIENT, size.busy))]
    async with stage.measured(f"{size.busy:,} clients subscribe to {len(names)} symbols at once"):
        await crowd.subscribe("quotes", names)
    async with stage.measured(f"{size.busy:,} clients get {len(names)} of {size.busy:,} symbols", FLOW_S):
        pass
    async with stage.measured(f"{size.busy:,} clients of {len(names)} symbols leave at once", GOODBYE_S):
        crowd.leave()


async def storm(stage: Stage) -> None:
    """A million snapshots at once."""
    size, crowd = stage.size, Crowd(stage.service.address)
    await crowd.connect(size.busy)
    async with stage.measured(f"{size.busy:,} clients subscribe ticker to * of {size.busy:,} at once"):
        await crowd.subscribe("ticker", ["*"])
    async with stage.measured(f"{size.busy:,} clients of {size.busy:,} symbols leave at once", GOODBYE_S):
        crowd.leave()


async def many(stage: Stage) -> None:
    """Many clients, and hardly anything to say."""
    size, crowd = stage.size, Crowd(stage.service.address)
    async with stage.measured(f"{size.many:,} clients connect, one after the other"):
        await crowd.connect(size.many)
    async with stage.measured(f"{size.many:,} clients subscribe at once"):
        await crowd.subscribe("quotes", ["*"])
    async with stage.measured(f"one update a second to {size.many:,} clients", FLOW_S):
        pass
    async with stage.measured(f"{size.many:,} clients leave at once", GOODBYE_S):
        crowd.leave()


class Scene(Struct, frozen=True):
    """What is done, and the market that it is done in."""

    act: Callable[[Stage], Awaitable[None]]
    symbols: Callable[[Size], int]
    rate: float  # updates/s


SCENES: Mapping[str, Scene] = {
    "wide": Scene(wide, lambda size: size.wide, 2_000.0),
    "busy": Scene(busy, lambda size: size.busy, 5_000.0),
    "storm": Scene(storm, lambda size: size.busy, 100.0),
    "many": Scene(many, lambda _: 1, 1.0),
}


async def measure(scenes: Sequence[str], size: Size, causes_ms: float = 0) -> list[Found]:
    """What is found in each scene. Raises SystemExit where there cannot be as many clients."""
    clients = max(size.many, size.busy) + 10
    if files.clients_within(clients, files.raise_limit()) < clients:
        raise SystemExit(f"the limit on open files does not allow {clients:,} clients; raise it (ulimit -n)")
    found: list[Found] = []
    for name in scenes:
        scene = SCENES[name]
        symbols = scene.symbols(size)
        stanzas = (
            table("[limits]", clients=clients, symbols_per_client=2 * symbols),
            table("[[feeds]]", name="sim", adapter="simulated", symbols=symbols, rate=scene.rate),
        )
        async with probed(*stanzas, causes_ms=causes_ms) as service:
            stage = Stage(service, size)
            await scene.act(stage)
        found += stage.found
    return found


def markdown(found: Sequence[Found]) -> Iterator[str]:
    """The lines of a table, and where the loop was, as far as that was looked at."""
    yield "| the loop was held longest | CPU, ms | by the clock, ms |"
    yield "|---|--:|--:|"
    for one in found:
        yield f"| {one.what} | {one.hold.cpu_ms:.1f} | {one.hold.wall_ms:.1f} |"
    for one in found:
        for where, looks in one.hold.where.items():
            yield f"{one.what}: {looks} x {where}"


def main(
    scene: Annotated[
        list[str] | None, typer.Option(help="wide, busy, storm or many; more than once. Left out: all.")
    ] = None,
    causes: Annotated[float, typer.Option(metavar="MS", min=0, help="Say where the loop was in longer holds.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON in place of a markdown table.")] = False,
) -> None:
    """Measure how long the service's event loop is held."""
    scenes = scene or list(SCENES)
    if unknown := set(scenes) - SCENES.keys():
        raise typer.BadParameter(f"no such scene: {', '.join(unknown)}; there are {', '.join(SCENES)}")
    found = run(measure(scenes, Size(), causes), uvloop.new_event_loop)
    typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode() if as_json else "\n".join(markdown(found)))


if __name__ == "__main__":
    typer.run(main)
