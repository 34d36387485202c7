"""The figures of a measurement, from what the service says of itself and what the clients received."""

from collections.abc import Sequence

from msgspec import Struct

from ticker.bench.delays import Delays
from ticker.bench.messages import Measured
from ticker.bench.readings import Reading

MEGABYTE = 1_000_000
BUSY = 0.9  # of a core: a generator above that measures itself


class Setting(Struct, frozen=True):
    """What was measured, once it was known."""

    clients: int
    slow: int
    symbols: int
    per_client: int
    generators: int
    rate_asked: float | None  # updates/s; None where the service is somebody else's


class Figures(Struct, frozen=True):
    """What was found, with the units in the names; None is what could not be found out. A share of 1 is one core."""

    clients: int
    slow_clients: int
    symbols: int
    subscriptions: int
    generators: int
    seconds: float
    updates_asked_per_s: float | None
    updates_in_per_s: float
    updates_delivered_per_s: float
    delivered_percent: float | None
    megabytes_per_s: float
    server_cpu_share: float | None
    server_cpu_us_per_update: float | None
    latency_p50_ms: float | None
    latency_p90_ms: float | None
    latency_p99_ms: float | None
    latency_p99_9_ms: float | None
    latency_max_ms: float | None
    resident_bytes: int | None
    resident_bytes_per_client: int | None
    handshakes_per_s: float
    updates_conflated: int
    events_lost: int
    clients_closed: int
    slow_clients_evicted: int
    generator_cpu_share: float
    warnings: list[str]


class Found(Struct, frozen=True):
    """What was read and measured: the service `idle` without our clients, and `before` and `after` the measurement."""

    connect_s: float
    idle: Reading
    before: Reading
    after: Reading
    measured: Sequence[Measured]


def figures(setting: Setting, found: Found) -> Figures:
    """Put together what was found."""
    before, after, measured = found.before, found.after, found.measured
    took_s = after.at_s - before.at_s
    in_per_s = (after.received - before.received) / took_s
    delivered_per_s = sum(one.updates / one.seconds for one in measured)
    # Each symbol has as many subscribers as any other, so it does not matter which ones the updates are of.
    expected_per_s = in_per_s * (setting.clients - setting.slow) * setting.per_client / setting.symbols
    cpu_share = _per(_difference(after.cpu_s, before.cpu_s), took_s)
    delays = _merged(measured)
    busiest = max(one.cpu_s / one.seconds for one in measured)
    return Figures(
        clients=setting.clients,
        slow_clients=setting.slow,
        symbols=setting.symbols,
        subscriptions=setting.clients * setting.per_client,
        generators=setting.generators,
        seconds=round(took_s, 3),
        updates_asked_per_s=setting.rate_asked,
        updates_in_per_s=round(in_per_s, 1),
        updates_delivered_per_s=round(delivered_per_s, 1),
        delivered_percent=_rounded(_per(100 * delivered_per_s, expected_per_s), 2),
        megabytes_per_s=round(sum(one.bytes / one.seconds for one in measured) / MEGABYTE, 3),
        server_cpu_share=_rounded(cpu_share, 3),
        server_cpu_us_per_update=_rounded(_per(cpu_share, delivered_per_s / 1e6), 3),
        latency_p50_ms=delays.percentile(50),
        latency_p90_ms=delays.percentile(90),
        latency_p99_ms=delays.percentile(99),
        latency_p99_9_ms=delays.percentile(99.9),
        latency_max_ms=delays.percentile(100),
        resident_bytes=_whole(after.resident_bytes),
        resident_bytes_per_client=_whole(
            _per(_difference(after.resident_bytes, found.idle.resident_bytes), setting.clients)
        ),
        handshakes_per_s=round(setting.clients / found.connect_s, 1),
        updates_conflated=int(after.conflated - before.conflated),
        events_lost=int(after.lost - before.lost),
        clients_closed=sum(one.closed for one in measured),
        slow_clients_evicted=int(after.evicted - before.evicted),
        generator_cpu_share=round(busiest, 3),
        warnings=_warnings(busiest),
    )


def _warnings(busiest: float) -> list[str]:
    if busiest <= BUSY:
        return []
    warning = (
        f"a load generator used {busiest:.0%} of a core: these are its figures, not the service's; "
        "raise --generators where there are cores for them, or ask for less"
    )
    return [warning]


def _merged(measured: Sequence[Measured]) -> Delays:
    delays = Delays()
    for one in measured:
        delays.merge(Delays(one.delays, one.longest_us))
    return delays


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _per(value: float | None, of: float) -> float | None:
    return value / of if value is not None and of else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
