"""The layers that settings come from: what is read, what is passed over, and how a key is spelled."""

from pathlib import Path
from typing import Any

import pytest

from ticker.errors import Problem
from ticker.settings import Settings
from ticker.sources import Layer, follow, from_environment, from_file, merged, origin, variable, variables


def read_environment(environ: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    problems: list[Problem] = []
    layer = from_environment(Settings, environ, problems)
    return dict(layer.values), [problem.key for problem in problems]


def read_file(path: Path) -> list[str]:
    problems: list[Problem] = []
    assert from_file(path, problems).values == {}
    return list(map(str, problems))


def test_a_files_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ticker.toml"
    path.write_text('[server]\nhost = "tíckér"\n', encoding="utf-8")
    problems: list[Problem] = []
    assert from_file(path, problems) == Layer(str(path), {"server": {"host": "tíckér"}, "feeds": []})
    assert problems == []


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert read_file(tmp_path / "no.toml") == [f"{tmp_path}/no.toml: no such file"]


def test_a_directory_is_told(tmp_path: Path) -> None:
    assert read_file(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[server]\nport = \n", "is not TOML: Invalid value (at line 2, column 8)"),
        (b"[server\nport = 1\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1, column 8)"),
        (b"[server]\n[server]\n", "is not TOML: Cannot declare ('server',) twice (at line 2, column 8)"),
        (b"[server]\nhost = '\xff'\n", "is not UTF-8 text, from byte 17 on"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_the_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "ticker.toml"
    path.write_bytes(content)
    assert read_file(path) == [f"{path}: {said}"]


def test_variables_are_read() -> None:
    environ = {
        "TICKER_SERVER__PORT": "9000",
        "ticker_server__host": "::",
        "TICKER_LOGGING": '{"level": "debug"}',
        "PATH": "/bin",
        "TICKERS": "1",
    }
    assert read_environment(environ) == (
        {"server": {"port": "9000", "host": "::"}, "logging": {"level": "debug"}},
        [],
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TICKER_FEED", "TICKER_FEEDS"),
        ("TICKER_FEEDS__0", "TICKER_FEEDS"),
        ("TICKER_PORT", "TICKER_SERVER__PORT"),
        ("TICKER_SERVER_PORT", "TICKER_SERVER__PORT"),
        ("TICKER_SERVER__PROT", "TICKER_SERVER__PORT"),
        ("ticker_server__prot", "TICKER_SERVER__PORT"),
        ("TICKER_LOG_LEVEL", "TICKER_LOGGING__LEVEL"),
        ("TICKER_FLUSH_INTERVAL_MS", "TICKER_FANOUT__FLUSH_INTERVAL_MS"),
    ],
)
def test_an_unknown_variable_is_told_with_the_nearest_known_one(name: str, meant: str) -> None:
    problems: list[Problem] = []
    assert from_environment(Settings, {name: "1"}, problems).values == {}
    assert list(map(str, problems)) == [f"environment: {name}: found an unknown variable; did you mean {meant}?"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TICKER_SERVICE_HOST", "10.0.0.1"),
        ("TICKER_SERVICE_PORT", "8080"),
        ("TICKER_SERVICE_PORT_HTTP", "8080"),
        ("TICKER_PORT", "tcp://10.0.0.1:8080"),
        ("TICKER_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("TICKER_PORT_8080_TCP_PROTO", "tcp"),
        ("TICKER_PORT_8080_TCP_PORT", "8080"),
        ("TICKER_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("TICKER_METRICS_SERVICE_HOST", "10.0.0.2"),
        ("TICKER_METRICS_PORT", "udp://10.0.0.2:9"),
    ],
)
def test_what_kubernetes_says_of_a_service_called_ticker_is_no_mistake(name: str, value: str) -> None:
    assert read_environment({name: value}) == ({}, [])


def test_the_clients_token_is_no_mistake() -> None:
    assert read_environment({"TICKER_TOKEN": "secret"}) == ({}, [])


def test_each_setting_has_one_variable() -> None:
    names = variables(Settings)
    assert {"TICKER_SERVER", "TICKER_SERVER__PORT", "TICKER_FRESHNESS__QUIET_BY_PATTERN", "TICKER_FEEDS"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        (("server",), "TICKER_SERVER"),
        (("server", "port"), "TICKER_SERVER__PORT"),
        (("freshness", "quiet_by_pattern", "sim:*"), 'TICKER_FRESHNESS__QUIET_BY_PATTERN."sim:*"'),
        (("feeds",), "TICKER_FEEDS"),
        (("feeds", 1, "symbols", 0), "TICKER_FEEDS[1].symbols[0]"),
    ],
)
def test_a_key_is_spelled_as_its_variable(path: tuple[str | int, ...], spelled: str) -> None:
    assert variable(path) == spelled


TOP = Layer("top", {"server": {"port": 1}, "feeds": [{"name": "a"}]})
BOTTOM = Layer("bottom", {"server": {"port": 2, "host": "b"}, "logging": {"level": "x"}, "feeds": [{"name": "b"}, {}]})


def test_layers_are_merged_key_by_key_and_lists_as_a_whole() -> None:
    assert merged([TOP, BOTTOM]) == {
        "server": {"port": 1, "host": "b"},
        "logging": {"level": "x"},
        "feeds": [{"name": "a"}],
    }
    assert BOTTOM.values["server"] == {"port": 2, "host": "b"}


def test_a_table_beats_what_is_none() -> None:
    assert merged([TOP, Layer("bottom", {"server": 5})])["server"] == {"port": 1}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (("server", "port"), "top"),
        (("server", "host"), "bottom"),
        (("logging", "level"), "bottom"),
        (("feeds", 0, "symbols"), "top"),
        (("feeds", 1, "name"), "top"),
    ],
)
def test_a_value_is_its_topmost_layers(path: tuple[str | int, ...], source: str) -> None:
    assert origin(path, [TOP, BOTTOM]).source == source


def test_a_path_is_followed_as_far_as_it_goes() -> None:
    assert follow({"a": [{"b": 1}]}, ("a", 0, "b")) == [[{"b": 1}], {"b": 1}, 1]
    assert follow({"a": [{"b": 1}]}, ("a", 1, "b")) == [[{"b": 1}]]
    assert follow({"a": 5}, ("a", "b")) == [5]
