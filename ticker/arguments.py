"""From the settings' sections to the parts' arguments."""

from pathlib import Path
from typing import Any

import structlog

from feeds.archive import Wanted
from ticker import files, sections
from ticker.history import Retention
from ticker.requests import Limits

# Keys of [fanout] that are not the fan-out's own: the sockets' and the sessions'.
NOT_OF_FANOUT = ("ping_s", "pong_timeout_s", "send_buffer_bytes", "notsent_lowat_bytes", "rates", "ticker_rate")
# Those of [limits] that are no single request's.
NOT_OF_REQUESTS = ("clients", "handshakes_per_second", "handshakes_burst", "request_head_s", "field_sets")
OF_FRONT = ("ping_s", "pong_timeout_s", "write_deadline_s", "send_buffer_bytes", "notsent_lowat_bytes")

log = structlog.get_logger("ticker")


def of(section: sections.Section, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """A section's values by key."""
    return {name: value for name, value in section if name not in leave_out}


def pem_files(tls: sections.Tls) -> tuple[Path, Path] | None:
    """The certificate's file and the key's, where there is TLS."""
    return None if tls.certificate is None or tls.key is None else (Path(tls.certificate), Path(tls.key))


def retention(history: sections.History, started: int) -> Retention:
    """What keeps trades."""
    return Retention(
        started,
        trades_kept=history.trades_per_symbol,
        trades_kept_s=history.trades_s,
        bytes_kept=history.bytes,
        bars_kept=history.bars_per_interval,
    )


def wanted(history: sections.History, bars: sections.Bars) -> Wanted:
    """What feeds that know the past are to tell of it."""
    return Wanted(dict.fromkeys(bars.intervals, history.bars_per_interval), history.trades_per_symbol)


def request_limits(limits: sections.Limits, history: sections.History, bars: sections.Bars) -> Limits:
    """What one client may ask for."""
    return Limits(
        **of(limits, NOT_OF_REQUESTS),
        snapshot_trades=history.snapshot_trades,
        intervals=bars.intervals,
    )


def clients_within(limits: sections.Limits) -> int:
    """How many clients there may be, as far as the limit on open files allows."""
    clients = files.clients_within(limits.clients, files.raise_limit())
    if clients < limits.clients:
        log.warning("the limit on open files allows fewer clients than configured; raise it", clients=clients)
    return clients
