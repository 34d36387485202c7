"""Logging: structlog's events and the standard library's records on one stream, as JSON lines or for the eye."""

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "console", "json"]

FIRST_KEYS = ("timestamp", "level", "event")


def set_up(level: LogLevel, form: LogFormat, stream: TextIO | None = None) -> None:
    """Write every event of at least `level` to `stream` (stderr if None), in place of what was set up before.

    A JSON line has `timestamp` (RFC 3339 UTC), `level`, `event`, then the event's own keys; `logger` too where a
    library says it. aiohttp's access log is off: a line per request says less than the metrics do.
    """
    stream = stream or sys.stderr
    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(form, stream)],
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("aiohttp.access").disabled = True
    logging.getLogger("aiohttp.server").addFilter(_concerns_us)


def _concerns_us(record: logging.LogRecord) -> bool:
    """Whether to log what the HTTP server says: not, unless for debugging, what a client got wrong and is told.

    Anybody could fill the log with it, a traceback each time.
    """
    error = record.exc_info[1] if record.exc_info else None
    code = getattr(error, "code", None)
    told = isinstance(code, int) and code < 500
    return not told or logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


def set_level(level: LogLevel) -> None:
    """Write events of at least this level from now on."""
    logging.getLogger().setLevel(level.upper())


def _renderer(form: LogFormat, stream: TextIO) -> list[Processor]:
    terminal = stream.isatty()
    if form == "console" or (form == "auto" and terminal):
        # plain tracebacks: the rich ones print local variables, and with them secrets
        return [
            structlog.dev.ConsoleRenderer(
                colors=terminal, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [structlog.processors.format_exc_info, _in_order, structlog.processors.JSONRenderer()]


def _in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: event[key] for key in FIRST_KEYS} | dict(event)
