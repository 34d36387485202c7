"""What `ticker bench` and its load generators say to each other.

A generator is started with its job in a file. It reads commands from stdin, a line each, and answers each on stdout
with lines of JSON: any number of Progress, then Done, or Measured for `report`, or Failed, after which it ends.
"""

from typing import Literal

from msgspec import Struct

Command = Literal["start", "connect", "subscribe", "measure", "report"]


class Address(Struct, frozen=True):
    """Where a service listens, and the path of its WebSocket."""

    host: str
    port: int
    path: str = "/v1/ws"

    @property
    def netloc(self) -> str:
        """`127.0.0.1:8080`, `[::1]:8080`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Job(Struct, frozen=True):
    """One generator's clients: each subscribes to `per_client` of the symbols; the slow ones never read."""

    address: Address
    symbols: list[str]
    per_client: int
    readers: int
    slow: int
    seed: int


class Progress(Struct, frozen=True, tag=True):
    """So many of its clients are done with what was commanded."""

    clients: int


class Done(Struct, frozen=True, tag=True):
    """What was commanded is done."""


class Failed(Struct, frozen=True, tag=True):
    """It cannot go on."""

    reason: str


class Measured(Struct, frozen=True, tag=True):
    """What came in between the commands `measure` and `report`.

    `delays` are updates by bucket of ticker/bench/delays.py, `longest_us` the longest delay seen; `cpu_s` is the
    generator's own processor time; `closed` counts readers whose connection ended.
    """

    seconds: float
    updates: int
    bytes: int
    delays: dict[int, int]
    longest_us: int
    cpu_s: float
    closed: int


Reply = Progress | Done | Failed | Measured
