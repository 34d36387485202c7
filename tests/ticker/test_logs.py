"""What is logged, by ourselves and by libraries, in each form."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMessage

from ticker import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, access = logging.getLogger(), logging.getLogger("aiohttp.access")
    handlers, level, disabled = root.handlers[:], root.level, access.disabled
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    access.disabled = disabled
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_time_level_event_and_keys_in_this_order() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    structlog.get_logger("feed").bind(feed="coinbase").info("connected", symbols=3)
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "feed", "symbols"]
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() == timedelta(0)
    assert line == {"level": "info", "event": "connected", "feed": "coinbase", "symbols": 3}


def test_a_librarys_line_is_like_ours_and_names_it() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    logging.getLogger("aiohttp.server").error("Error handling %s", "request")
    (line,) = lines(stream)
    del line["timestamp"]
    assert line == {"level": "error", "event": "Error handling request", "logger": "aiohttp.server"}


@pytest.mark.parametrize(
    ("level", "logged"),
    [
        ("debug", ["d", "i", "w", "e"]),
        ("info", ["i", "w", "e"]),
        ("warning", ["w", "e"]),
        ("error", ["e"]),
    ],
)
def test_less_severe_events_are_left_out(level: logs.LogLevel, logged: list[str]) -> None:
    stream = io.StringIO()
    logs.set_up(level, "json", stream)
    ours, theirs = structlog.get_logger(), logging.getLogger("library")
    for log in (ours, theirs):
        log.debug("d")
        log.info("i")
        log.warning("w")
        log.error("e")
    assert [line["event"] for line in lines(stream)] == logged * 2


def test_an_exception_is_one_json_line() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    try:
        raise ValueError("no")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed too")
    assert [line["exception"].splitlines()[-1] for line in lines(stream)] == ["ValueError: no"] * 2


def test_what_is_no_json_is_logged_all_the_same() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    structlog.get_logger().info("frame", frame=b"\xff", number=2**70, text="\ud800")
    (line,) = lines(stream)
    assert line["frame"] == "b'\\xff'"


@pytest.mark.parametrize(
    ("form", "stream", "is_json"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_the_form_follows_the_setting_and_the_terminal(
    form: logs.LogFormat, stream: io.StringIO, is_json: bool
) -> None:
    logs.set_up("info", form, stream)
    structlog.get_logger().info("connected", feed="coinbase")
    assert stream.getvalue().startswith("{") == is_json
    assert "connected" in stream.getvalue()


def test_the_console_has_colours_on_a_terminal_alone() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        logs.set_up("info", "console", stream)
        structlog.get_logger().info("connected", feed="coinbase")
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in pipe.getvalue()
    assert "feed=coinbase" in pipe.getvalue()


def test_a_traceback_on_the_console_shows_no_variables() -> None:
    stream = io.StringIO()
    logs.set_up("info", "console", stream)
    token = "se" + "cret"
    try:
        raise ValueError(len(token))
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: 6" in stream.getvalue()
    assert "secret" not in stream.getvalue()


def test_the_access_log_is_off() -> None:
    stream = io.StringIO()
    logs.set_up("debug", "json", stream)
    logging.getLogger("aiohttp.access").info("GET / 200")
    assert stream.getvalue() == ""


def test_setting_up_again_takes_the_place_of_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.set_up("info", "json", first)
    logs.set_up("info", "json", second)
    structlog.get_logger().info("connected")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1


@pytest.mark.parametrize(("level", "logged"), [("info", 1), ("debug", 2)])
def test_what_a_client_got_wrong_is_logged_for_debugging_alone(level: logs.LogLevel, logged: int) -> None:
    stream = io.StringIO()
    logs.set_up(level, "json", stream)
    server = logging.getLogger("aiohttp.server")
    for fault in (BadHttpMessage("Invalid header value"), ValueError("ours")):
        server.error("Error handling request", exc_info=fault)
    assert len(lines(stream)) == logged
    assert "ours" in stream.getvalue()
