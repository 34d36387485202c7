"""Every setting of the service but its feeds, with its default, its bounds and its meaning.

config/ticker.toml is the reader's copy, and explains the figures. Units stand in the names: `_ms`, `_s`, `_bytes`.
"""

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from feeds.market import INTERVALS, Interval
from ticker.logs import LogFormat, LogLevel
from ticker.rendering import toml_value


def _no_truth_value(value: object) -> object:
    """`port = true` is a mistake; pydantic would take it for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("no_number", "a truth value is no number")
    return value


Whole = Annotated[int, BeforeValidator(_no_truth_value)]
Number = Annotated[float, BeforeValidator(_no_truth_value)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_no_truth_value)]
Seconds = Annotated[float, Field(gt=0), BeforeValidator(_no_truth_value)]
Rate = Annotated[float, Field(ge=0.001, le=1000), BeforeValidator(_no_truth_value)]

Origin = Annotated[
    str,
    Field(
        pattern=r"^https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?$",
        json_schema_extra={"allowed": "an origin as browsers name it, like https://dashboard.example"},
    ),
]

RATES_MOST = 16  # each is a timer of its own


class Section(BaseModel):
    """What all sections share."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Server(Section):
    """Where clients connect."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 is all of them")
    port: Whole = Field(default=8080, ge=1, le=65535, description="TCP port to listen on")
    origins: tuple[Origin, ...] = Field(
        default=(),
        description="pages of these origins may read by SSE and REST; on a loopback host this machine's may, too",
        examples=[["https://dashboard.example"]],
    )


class Operations(Section):
    """Where those who run the service look at it."""

    host: str | None = Field(default=None, min_length=1, description="address for it; not set: the one in [server]")
    port: Whole | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="TCP port for /metrics and health alone; not set: those of [server]",
    )


class Tls(Section):
    """The certificate that clients see; without one there is no TLS."""

    certificate: str | None = Field(default=None, min_length=1, description="PEM file, with the chain behind it")
    key: str | None = Field(default=None, min_length=1, description="PEM file with the certificate's key, no password")
    handshake_s: Seconds = Field(default=10, description="time for a client's TLS handshake")

    @field_validator("key")
    @classmethod
    def _with_its_certificate(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key is not None and info.data.get("certificate") is None:
            raise ValueError("allowed: together with tls.certificate")
        return key

    @model_validator(mode="after")
    def _with_its_key(self) -> Self:
        if self.certificate is not None and self.key is None:
            raise ValueError("allowed: certificate and key, or neither")
        return self


class Fanout(Section):
    """When clients are written to, and what becomes of those that do not keep up."""

    flush_interval_ms: Number = Field(default=0, ge=0, description="least time between flushes; 0: each loop turn")
    flush_wait_max_ms: Number = Field(default=250, ge=0, description="longest wait that a slow flush may cause")
    rates: tuple[Rate, ...] = Field(
        default=(50, 20, 10, 4, 2, 1, 0.5, 0.2),
        description="the rates that a client's max_rate is rounded down to, in updates per second and symbol",
        examples=[[50, 10, 1]],
    )
    ticker_rate: Rate = Field(
        default=10, validate_default=True, description="the rate of `ticker` for clients that name no max_rate"
    )
    heartbeat_s: Seconds = Field(default=10, description="a quiet connection gets a heartbeat this often")
    ping_s: Seconds = Field(default=20, description="time between WebSocket pings")
    pong_timeout_s: Seconds = Field(default=10, description="a ping unanswered for this long ends the connection")
    write_deadline_s: Seconds = Field(default=30, description="a client that takes nothing for this long is closed")
    slow_queue_messages: Count = Field(default=1000, description="trades kept for a slow client, oldest out")
    slow_queue_bytes: Count = Field(default=262_144, description="and their size at most")
    send_buffer_bytes: Count = Field(default=32_768, description="SO_SNDBUF of a client's socket")
    notsent_lowat_bytes: Count = Field(default=16_384, description="TCP_NOTSENT_LOWAT of a client's socket")

    @field_validator("rates")
    @classmethod
    def _each_once_and_highest_first(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if not 0 < len(rates) == len(set(rates)) <= RATES_MOST:
            raise ValueError(f"allowed: 1 to {RATES_MOST} rates, all different")
        return tuple(sorted((int(rate) if rate.is_integer() else rate for rate in rates), reverse=True))

    @field_validator("ticker_rate")
    @classmethod
    def _one_of_the_rates(cls, rate: float, info: ValidationInfo) -> float:
        offered = info.data.get("rates")
        if offered and rate not in offered:
            raise ValueError(f"allowed: one of the rates in fanout.rates: {', '.join(map(toml_value, offered))}")
        return int(rate) if rate.is_integer() else rate


class Limits(Section):
    """What clients may ask for."""

    clients: Count = Field(default=10_000, description="connected at once")
    symbols_per_client: Count = Field(default=2000, description="symbols that one client's subscriptions may match")
    symbols_per_request: Count = Field(default=1000, description="symbols and patterns named in one request")
    message_bytes: Whole = Field(default=65_536, ge=1024, description="size of one message from a client")
    requests_per_second: Number = Field(default=20, gt=0, description="requests of one client, over time")
    requests_burst: Count = Field(default=200, description="requests of one client at once")
    pattern_length: Count = Field(default=64, description="characters in a pattern")
    pattern_stars: Count = Field(default=4, description="asterisks in a pattern")
    field_sets: Count = Field(default=64, description="different choices of fields in the whole service")
    handshakes_per_second: Number = Field(default=500, gt=0, description="new clients, over time; not from loopback")
    handshakes_burst: Count = Field(default=1000, description="new clients at once; not from loopback")
    request_head_s: Seconds = Field(default=10, description="time for a client to send its request's head")


class Freshness(Section):
    """When a symbol is no longer called live."""

    disconnected_s: Seconds = Field(default=1.5, description="its feed disconnected for this long: stale")
    quiet_s: Seconds = Field(default=60, description="unchanged for this long while its feed is alive: quiet")
    quiet_by_pattern: dict[str, Seconds] = Field(
        default={},
        description="quiet_s for the symbols that match a pattern; the first that matches counts",
        examples=[{"coinbase:*-USD": 120}],
    )


class Bars(Section):
    """Which bars are made, and of what."""

    intervals: tuple[Interval, ...] = Field(default=("1m", "5m", "1h", "1d"), description="those that are made")
    grace_s: Seconds = Field(default=5, le=60, description="how late a trade may be to correct a closed bar")
    from_quotes: tuple[str, ...] = Field(
        default=(), description="patterns of symbols whose bars are made of quotes", examples=[["fx:*"]]
    )

    @field_validator("intervals")
    @classmethod
    def _each_once_and_shortest_first(cls, intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
        if len(intervals) != len(set(intervals)):
            raise ValueError("allowed: each interval once")
        return tuple(sorted(intervals, key=INTERVALS.__getitem__))


class History(Section):
    """What is kept of the past."""

    trades_s: Seconds = Field(default=300, description="age of the oldest trade kept")
    trades_per_symbol: Count = Field(default=10_000, description="trades kept of one symbol")
    bytes: Whole = Field(default=268_435_456, ge=0, description="memory for all that is kept; then the oldest goes")
    snapshot_trades: Whole = Field(default=50, ge=0, description="trades in a snapshot")
    bars_per_interval: Count = Field(default=300, description="closed bars kept of one symbol and interval")


class Drain(Section):
    """How clients are sent away when the service stops."""

    wait_s: Number = Field(default=3, ge=0, description="not ready, but still taking clients for this long")
    closes_per_second: Count = Field(default=500, description="clients sent away a second, more if time is short")
    total_s: Seconds = Field(default=25, description="all of it takes no longer than this")

    @field_validator("total_s")
    @classmethod
    def _longer_than_the_wait(cls, total: float, info: ValidationInfo) -> float:
        if total <= (wait := info.data.get("wait_s", 0)):
            raise ValueError(f"allowed: more than drain.wait_s, which is {wait:g}")
        return total


class Reload(Section):
    """How changed settings are noticed."""

    every_s: Seconds = Field(default=10, description="look for a changed file or certificate this often")


class Logging(Section):
    """What is logged, and how."""

    level: LogLevel = Field(default="info", description="the least severe level that is logged")
    format: LogFormat = Field(default="auto", description="auto: console on a terminal, else json")
