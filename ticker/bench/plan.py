"""What to measure: the options of `ticker bench`, checked, and who subscribes to what."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from random import Random

from msgspec import Struct

from ticker.bench.errors import BenchError
from ticker.bench.messages import Address, Job
from ticker.errors import Problem, SettingsError
from ticker.rendering import toml_value
from ticker.sources import COMMAND_LINE

PER_CLIENT, SYMBOLS, RATE = 10, 100, 1000.0

# (least, most). Some 28,000 connections are possible from one address to another: one for each port of a client.
BOUNDS: dict[str, tuple[float, float]] = {
    "--clients": (1, 25_000),
    "--per-client": (1, 100_000),
    "--seconds": (0.1, 3_600),
    "--generators": (1, 16),
    "--symbols": (1, 100_000),
    "--rate": (0.1, 1_000_000),
}
SUBSCRIPTIONS_MOST = 10_000_000  # a set for each client: more of them than that is a test of this machine's memory
URL = re.compile(r"ws://(?P<host>\[[0-9a-f:]+\]|[\w.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^\s?#]*)", re.ASCII)
URL_FORM = "allowed: a service on this machine, like ws://127.0.0.1:8080/v1/ws"


class Simulation(Struct, frozen=True):
    """The market of a service that is started for the measurement; `rate` is in updates/s over all symbols."""

    symbols: int
    rate: float


class Plan(Struct, frozen=True):
    """A measurement: `clients`, of which `slow` never read, for `seconds`. `per_client` is None where any will do."""

    clients: int
    slow: int
    per_client: int | None
    seconds: float
    generators: int
    target: Simulation | Address

    @property
    def readers(self) -> int:
        """The clients that do read."""
        return self.clients - self.slow


def planned(
    *,
    clients: int,
    slow: int,
    per_client: int | None,
    seconds: float,
    generators: int,
    symbols: int | None,
    rate: float | None,
    url: str | None,
) -> Plan:
    """The options as a plan. Raises SettingsError with all problems at once."""
    simulation = Simulation(SYMBOLS if symbols is None else symbols, RATE if rate is None else rate)
    bounded = {
        "--clients": clients,
        "--per-client": per_client,
        "--seconds": seconds,
        "--generators": generators,
        "--symbols": symbols,
        "--rate": rate,
    }
    problems = [problem for option, value in bounded.items() if (problem := _out_of_bounds(option, value))]
    problems += _at_odds(clients, slow, generators, per_client, simulation if url is None else None)
    target: Simulation | Address = simulation
    if url is not None:
        problems += [
            Problem(COMMAND_LINE, option, toml_value(value), "a running service has its own: leave it out with --url")
            for option, value in (("--symbols", symbols), ("--rate", rate))
            if value is not None
        ]
        address = _loopback(url)
        if address is None:
            problems.append(Problem(COMMAND_LINE, "--url", toml_value(url), URL_FORM))
        else:
            target = address
    if problems:
        raise SettingsError(problems)
    return Plan(clients, slow, per_client, seconds, generators, target)


def per_client(plan: Plan, symbols: int) -> int:
    """How many of a service's symbols each client subscribes to. Raises BenchError where there are too few."""
    if not symbols:
        raise BenchError("the service has no symbol with quotes: there is nothing to measure")
    if plan.per_client is None:
        return min(PER_CLIENT, symbols)
    if plan.per_client > symbols:
        raise BenchError(f"the service has {symbols} symbols with quotes; --per-client is {plan.per_client}")
    return plan.per_client


def jobs(plan: Plan, address: Address, symbols: Sequence[str]) -> list[Job]:
    """What each load generator has to do: the clients are spread evenly over them."""
    size = per_client(plan, len(symbols))
    shares = zip(_shares(plan.readers, plan.generators), _shares(plan.slow, plan.generators), strict=True)
    return [
        Job(address, list(symbols), size, readers, slow, seed=index) for index, (readers, slow) in enumerate(shares)
    ]


def deal(symbols: Sequence[str], size: int, random: Random) -> Iterator[list[str]]:
    """Hands of `size` different symbols, for ever; every symbol is in as many of them as any other, give or take one.

    So the updates to expect are known also where some symbols change more often than others.
    """
    deck: list[str] = []
    while True:
        if len(deck) < size:
            held = set(deck)
            fresh = random.sample(symbols, len(symbols))
            deck += [symbol for symbol in fresh if symbol not in held]
            deck += [symbol for symbol in fresh if symbol in held]
        yield deck[:size]
        deck = deck[size:]


def _shares(whole: int, parts: int) -> list[int]:
    return [whole * (part + 1) // parts - whole * part // parts for part in range(parts)]


def _out_of_bounds(option: str, value: float | None) -> Problem | None:
    least, most = BOUNDS[option]
    if value is None or least <= value <= most:
        return None
    return Problem(COMMAND_LINE, option, toml_value(value), f"allowed: from {least:g} to {most:.0f}")


def _at_odds(
    clients: int, slow: int, generators: int, per_client: int | None, simulation: Simulation | None
) -> list[Problem]:
    """The options that do not go together."""
    problems = []
    if not 0 <= slow < max(clients, 1):
        advice = "allowed: from 0 to one less than --clients: somebody has to read"
        problems.append(Problem(COMMAND_LINE, "--slow", toml_value(slow), advice))
    if generators > max(clients - slow, 1):
        advice = "allowed: one for each client that reads, at most"
        problems.append(Problem(COMMAND_LINE, "--generators", toml_value(generators), advice))
    if clients * (per_client or 0) > SUBSCRIPTIONS_MOST:
        advice = f"allowed: at most {SUBSCRIPTIONS_MOST} subscriptions, which is --clients times --per-client"
        problems.append(Problem(COMMAND_LINE, "--per-client", toml_value(per_client), advice))
    if per_client is not None and simulation is not None and per_client > simulation.symbols:
        advice = f"allowed: at most --symbols, {simulation.symbols}"
        problems.append(Problem(COMMAND_LINE, "--per-client", toml_value(per_client), advice))
    return problems


def _loopback(url: str) -> Address | None:
    """The address in a WebSocket URL if it leads to this machine, and nowhere else."""
    parts = URL.fullmatch(url)
    if parts is None or int(parts["port"] or 80) > 65_535:
        return None
    host = parts["host"].strip("[]")
    return Address(host, int(parts["port"] or 80), parts["path"]) if _is_loopback(host) else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
