"""What a service says of itself, read: the figures in its metrics, and its symbols."""

import orjson
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from ticker.bench.errors import BenchError

Samples = list[tuple[str, dict[str, str], float]]


class Reading(Struct, frozen=True):
    """A service's counts at a moment, in seconds of a clock that never goes back.

    `cpu_s` and `resident_bytes` are None where the service cannot tell: it reads them from /proc.
    """

    at_s: float
    cpu_s: float | None
    resident_bytes: float | None
    received: float
    conflated: float
    lost: float
    evicted: float


def reading(exposition: str, at_s: float) -> Reading:
    """What an answer of /metrics says about quotes and clients. Raises BenchError for what is no such answer."""
    try:
        samples: Samples = [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(exposition)
            for sample in family.samples
        ]
    except ValueError as error:
        raise BenchError(f"/metrics is not what Prometheus reads: {error}; is this a ticker?") from error
    return Reading(
        at_s=at_s,
        cpu_s=_only(samples, "process_cpu_seconds_total"),
        resident_bytes=_only(samples, "process_resident_memory_bytes"),
        received=_sum(samples, "ticker_updates_received_total", channel="quotes"),
        conflated=_sum(samples, "ticker_updates_conflated_total", channel="quotes"),
        lost=_sum(samples, "ticker_events_lost_total"),
        evicted=_sum(samples, "ticker_client_closes_total", code="4008"),
    )


def quoted_symbols(directory: str) -> list[str]:
    """The symbols that have quotes, of an answer of /v1/symbols. Raises BenchError for what is no such answer."""
    try:
        entries = orjson.loads(directory)["messages"]
        return [entry["symbol"] for entry in entries if "quotes" in entry["channels"]]
    except (ValueError, KeyError, TypeError):
        raise BenchError("/v1/symbols does not list symbols; is this a ticker?") from None


def _only(samples: Samples, name: str) -> float | None:
    return next((value for found, _, value in samples if found == name), None)


def _sum(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for found, has, value in samples if found == name and labels.items() <= has.items())
