"""`ticker watch` on the command line."""

from typing import Annotated

import typer

LOCAL = "ws://127.0.0.1:8080/v1/ws"  # where `ticker serve` listens by itself

EXAMPLES = """\
Examples:

  ticker watch
  ticker watch 'coinbase:*'
  ticker watch demo:BTC-USDT 'demo:*-USD' --url ws://127.0.0.1:9000/v1/ws
  TICKER_TOKEN=… ticker watch '*' --url wss://prices.example.com/v1/ws
"""


def watch(
    symbols: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SYMBOL",
            help="Names and patterns, like coinbase:BTC-USD and 'coinbase:*'.",
            show_default="'*': every symbol",
        ),
    ] = None,
    *,
    url: Annotated[str, typer.Option(metavar="ws://HOST:PORT/v1/ws", help="The service to watch.")] = LOCAL,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="TICKER_TOKEN",
            help="For a service that asks for one. The variable is safer: others can read a command line.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Watch prices in the terminal: last, change, bid, ask, volume, and how fresh each one is.

    Figures flash green or red as they change; what is stale is dim and says why.

    It waits for a service that is not there yet and comes back to one that was lost. Ctrl-C ends it.

    Where its output is no terminal, it prints one line for each update.
    """
    from ticker.watch.run import run  # noqa: PLC0415 - keeps the other commands fast

    run(url, symbols or ["*"], token)
