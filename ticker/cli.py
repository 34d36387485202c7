"""The command line: `ticker serve`, `ticker watch`, `ticker check-config` and `ticker bench`.

Exit codes: 0 done, 1 it cannot run (a taken port, a feed that cannot be built), 2 wrong settings or usage.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, get_args

import typer

from feeds.errors import TickerError
from ticker import __version__, logs
from ticker.errors import Problem, SettingsError
from ticker.rendering import effective, toml_value
from ticker.settings import Logging, Server, load
from ticker.sources import COMMAND_LINE
from ticker.watch.command import EXAMPLES as WATCH_EXAMPLES
from ticker.watch.command import watch

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

SERVER, LOGGING = Server(), Logging()
FEED_FORM = "allowed: NAME:SYM,SYM, like coinbase:BTC-USD,ETH-USD"

SERVE_EXAMPLES = """\
Examples:

  ticker serve
  ticker serve --feed coinbase:BTC-USD,ETH-USD --feed binance:BTC-USDT
  ticker serve --config ticker.toml --port 9000
  TICKER_FANOUT__FLUSH_INTERVAL_MS=20 ticker serve
"""
CHECK_EXAMPLES = """\
Examples:

  ticker check-config ticker.toml
  TICKER_SERVER__PORT=9000 ticker check-config ticker.toml
"""
BENCH_EXAMPLES = """\
Examples:

  ticker bench
  ticker bench --clients 1000 --symbols 1000 --per-client 50 --rate 5000
  ticker bench --clients 200 --slow 10 --seconds 60
  ticker bench --url ws://127.0.0.1:8080/v1/ws --clients 500 --json
"""


# Values stay text: the settings check them, with all others and in the same words.
ConfigOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Settings as TOML.", show_default="none")]
FeedOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME:SYM,SYM",
        help="A venue and its symbols; once for each venue. Replaces the file's feeds.",
        show_default="the file's feeds; without a file, a demo",
    ),
]
HostOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Listen on this address.", show_default=SERVER.host)
]
PortOption = Annotated[
    str | None, typer.Option(metavar="PORT", help="Listen on this TCP port.", show_default=str(SERVER.port))
]
LogLevelOption = Annotated[
    str | None,
    typer.Option(metavar="|".join(get_args(logs.LogLevel)), help="Log this and worse.", show_default=LOGGING.level),
]
LogFormatOption = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(get_args(logs.LogFormat)),
        help="Log in this form; auto is console on a terminal, else JSON.",
        show_default=LOGGING.format,
    ),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code. `arguments` are the process's own if None."""
    try:
        app(arguments)
    except SettingsError as error:
        _fail(error, 2)
    except TickerError as error:
        _fail(error, 1)


def _fail(error: TickerError, code: int) -> NoReturn:
    typer.echo(error, err=True)
    raise SystemExit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ticker {__version__}")
        raise typer.Exit


@app.callback(epilog=SERVE_EXAMPLES + CHECK_EXAMPLES.removeprefix("Examples:\n"))
def ticker(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Live prices for your dashboard, never silently old: a self-hosted real-time market-data ticker."""


@app.command(epilog=SERVE_EXAMPLES)
def serve(
    *,
    config: ConfigOption = None,
    feed: FeedOption = None,
    host: HostOption = None,
    port: PortOption = None,
    log_level: LogLevelOption = None,
    log_format: LogFormatOption = None,
) -> None:
    """Serve the prices of some feeds to WebSocket clients, REST and Prometheus.

    An option beats its TICKER_… environment variable, which beats the file, which beats the default.

    SIGTERM or Ctrl-C ends it.
    """
    sections = {
        "server": _given(host=host, port=port),
        "logging": _given(level=log_level, format=log_format),
        "feeds": _stanzas(feed or ()),
    }
    settings = load(config, {name: value for name, value in sections.items() if value}, os.environ)
    logs.set_up(settings.logging.level, settings.logging.format)
    from ticker.serving import run  # noqa: PLC0415 - keeps --help and check-config fast

    raise typer.Exit(run(settings))


app.command(epilog=WATCH_EXAMPLES)(watch)


@app.command(epilog=CHECK_EXAMPLES)
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Settings as TOML.", show_default=False)],
) -> None:
    """Check a file of settings: print the settings in effect, or everything that is wrong.

    TICKER_… environment variables count, as they would when serving. Secrets in addresses are printed as ***.
    """
    typer.echo(effective(load(file, {}, os.environ)))


@app.command(epilog=BENCH_EXAMPLES)
def bench(
    *,
    clients: Annotated[int, typer.Option(help="WebSocket clients.")] = 100,
    per_client: Annotated[
        int | None, typer.Option(help="Symbols that each client subscribes to.", show_default="10")
    ] = None,
    symbols: Annotated[int | None, typer.Option(help="Symbols that the service has.", show_default="100")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Updates per second, over all symbols.", show_default="1000")
    ] = None,
    slow: Annotated[int, typer.Option(help="Of the clients, so many never read.")] = 0,
    seconds: Annotated[float, typer.Option(help="How long to measure.")] = 10,
    generators: Annotated[int, typer.Option(help="Processes that the clients are spread over.")] = 1,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="ws://127.0.0.1:PORT/v1/ws",
            help="Measure this running service, on this machine, with the symbols that it has.",
            show_default="starts its own",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure what this machine holds: connect many clients to a service and count what reaches them.

    Both share this machine: the clients take processor time, too. docs/benchmarking.md explains the figures.
    """
    from ticker.bench import report  # noqa: PLC0415 - keeps the other commands fast
    from ticker.bench.plan import planned  # noqa: PLC0415
    from ticker.bench.run import run  # noqa: PLC0415

    plan = planned(
        clients=clients,
        slow=slow,
        per_client=per_client,
        seconds=seconds,
        generators=generators,
        symbols=symbols,
        rate=rate,
        url=url,
    )
    with report.progress() as show:
        figures = run(plan, show)
    report.print_figures(figures, as_json=as_json)


def _given(**options: str | None) -> dict[str, str]:
    return {name: value for name, value in options.items() if value is not None}


def _stanzas(feeds: Sequence[str]) -> list[Mapping[str, object]]:
    """The stanzas that `--feed` stands for: one a venue, with all symbols that were asked of it."""
    symbols: dict[str, list[str]] = {}
    problems = []
    for feed in feeds:
        venue, _, names = feed.partition(":")
        if venue and names:
            symbols.setdefault(venue, []).extend(name.strip() for name in names.split(","))
        else:
            problems.append(Problem(COMMAND_LINE, "--feed", toml_value(feed), FEED_FORM))
    if problems:
        raise SettingsError(problems)
    return [{"name": venue, "adapter": venue, "symbols": names} for venue, names in symbols.items()]
