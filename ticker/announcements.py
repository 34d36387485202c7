"""What the service says of itself when it starts: who can reach it, what runs, and where to look."""

from collections.abc import Sequence

import structlog

from ticker import __version__
from ticker.addresses import is_loopback, reachable

log = structlog.get_logger("ticker")


def before(host: str, port: int, *, demo: bool) -> None:
    """The first lines, before anything is done."""
    if not is_loopback(host):
        log.warning(f"anyone who reaches {host}:{port} can read every symbol; set [access]")
    if demo:
        log.info(
            "no feeds are configured: this is the demo, and its prices are made up. "
            "For real ones: ticker serve --feed coinbase:BTC-USD,ETH-USD"
        )


def listening(
    host: str, port: int, feeds: Sequence[str], example: str, *, secure: bool = False, operations: str | None = None
) -> None:
    """The service takes clients from now on: where, and how to try it with a symbol of its own.

    `operations` is where metrics are if not there, as a URL.
    """
    address = f"{reachable(host)}:{port}"
    log.info("serving", feeds=list(feeds), version=__version__)
    secured = "s" if secure else ""
    log.info("open in a browser", page=f"http{secured}://{address}/")
    log.info("clients connect to", websocket=f"ws{secured}://{address}/v1/ws")
    log.info("to try it", command=f"curl 'http{secured}://{address}/v1/snapshot?channel=ticker&symbols={example}'")
    log.info("Prometheus reads", metrics=f"{operations or f'http{secured}://{address}'}/metrics")
