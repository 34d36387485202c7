"""The settings in effect: defaults, below the file, below the environment, below the command line."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from feeds.catalog import DEMO
from ticker.errors import SettingsError
from ticker.rendering import effective
from ticker.settings import Settings, load

FEED = """
[[feeds]]
name = "coinbase"
adapter = "coinbase"
symbols = ["BTC-USD"]
"""

DEFAULTS: list[tuple[str, object]] = [
    ("server.host", "127.0.0.1"),
    ("server.port", 8080),
    ("server.origins", ()),
    ("operations.host", None),
    ("operations.port", None),
    ("tls.certificate", None),
    ("tls.key", None),
    ("tls.handshake_s", 10),
    ("fanout.flush_interval_ms", 0),
    ("fanout.flush_wait_max_ms", 250),
    ("fanout.rates", (50, 20, 10, 4, 2, 1, 0.5, 0.2)),
    ("fanout.ticker_rate", 10),
    ("fanout.heartbeat_s", 10),
    ("fanout.ping_s", 20),
    ("fanout.pong_timeout_s", 10),
    ("fanout.write_deadline_s", 30),
    ("fanout.slow_queue_messages", 1000),
    ("fanout.slow_queue_bytes", 256 * 1024),
    ("fanout.send_buffer_bytes", 32 * 1024),
    ("fanout.notsent_lowat_bytes", 16 * 1024),
    ("limits.clients", 10_000),
    ("limits.symbols_per_client", 2000),
    ("limits.symbols_per_request", 1000),
    ("limits.message_bytes", 64 * 1024),
    ("limits.requests_per_second", 20),
    ("limits.requests_burst", 200),
    ("limits.pattern_length", 64),
    ("limits.pattern_stars", 4),
    ("limits.field_sets", 64),
    ("limits.handshakes_per_second", 500),
    ("limits.handshakes_burst", 1000),
    ("limits.request_head_s", 10),
    ("freshness.disconnected_s", 1.5),
    ("freshness.quiet_s", 60),
    ("freshness.quiet_by_pattern", {}),
    ("bars.intervals", ("1m", "5m", "1h", "1d")),
    ("bars.grace_s", 5),
    ("bars.from_quotes", ()),
    ("history.trades_s", 300),
    ("history.trades_per_symbol", 10_000),
    ("history.bytes", 268_435_456),
    ("history.snapshot_trades", 50),
    ("history.bars_per_interval", 300),
    ("drain.wait_s", 3),
    ("drain.closes_per_second", 500),
    ("drain.total_s", 25),
    ("reload.every_s", 10),
    ("logging.level", "info"),
    ("logging.format", "auto"),
]


def sections() -> Iterator[tuple[str, BaseModel]]:
    settings = Settings()
    return ((name, value) for name in Settings.model_fields if isinstance(value := getattr(settings, name), BaseModel))


def in_file(directory: Path, text: str) -> Path:
    path = directory / "ticker.toml"
    path.write_text(text)
    return path


def loaded(
    directory: Path, text: str, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    return load(in_file(directory, text), overrides or {}, environ or {})


def test_intervals_are_put_in_order_and_each_is_named_once(tmp_path: Path) -> None:
    assert load(None, {"bars": {"intervals": ["1h", "1s"]}}, {}).bars.intervals == ("1s", "1h")
    assert load(None, {"bars": {"intervals": []}}, {}).bars.intervals == ()
    with pytest.raises(SettingsError, match="each interval once"):
        loaded(tmp_path, '[bars]\nintervals = ["1m", "1m"]')
    with pytest.raises(SettingsError, match="one of 1s, 1m, 5m, 1h, 1d"):
        loaded(tmp_path, '[bars]\nintervals = ["2m"]')


def test_the_defaults_are_the_documented_ones() -> None:
    settings = load(None, {}, {})
    found = {
        f"{name}.{key}": getattr(section, key) for name, section in sections() for key in type(section).model_fields
    }
    assert found == dict(DEFAULTS)
    assert settings == Settings()


def test_every_setting_has_a_line_that_explains_it() -> None:
    for _, section in sections():
        for field in type(section).model_fields.values():
            assert field.description
            assert "\n" not in field.description


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load(None, {}, {}).server.port = 1  # type: ignore[misc]


def test_settings_made_directly_see_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SERVER__PORT", "9000")
    assert Settings().server.port == 8080


def test_each_source_beats_the_one_below(tmp_path: Path) -> None:
    text = FEED + "[server]\nport = 2\n"
    environ = {"TICKER_SERVER__PORT": "3"}
    assert loaded(tmp_path, text).server.port == 2
    assert loaded(tmp_path, text, environ).server.port == 3
    assert loaded(tmp_path, text, environ, {"server": {"port": "4"}}).server.port == 4


def test_sources_that_set_different_keys_of_a_section_go_together(tmp_path: Path) -> None:
    text = FEED + "[fanout]\nflush_interval_ms = 20\nping_s = 5\n"
    settings = loaded(tmp_path, text, {"TICKER_FANOUT__PING_S": "6"}, {"fanout": {"heartbeat_s": 7}})
    assert settings.fanout.flush_interval_ms == 20
    assert settings.fanout.ping_s == 6
    assert settings.fanout.heartbeat_s == 7


def test_a_higher_sources_feeds_take_the_place_of_a_lower_ones(tmp_path: Path) -> None:
    kraken = {"name": "kraken", "adapter": "kraken", "symbols": ["BTC-USD"]}
    environ = {"TICKER_FEEDS": '[{"name": "a", "adapter": "simulated", "symbols": 3}]'}
    assert [feed.name for feed in loaded(tmp_path, FEED).feeds] == ["coinbase"]
    assert [feed.name for feed in loaded(tmp_path, FEED, environ).feeds] == ["a"]
    assert [feed.name for feed in loaded(tmp_path, FEED, environ, {"feeds": [kraken]}).feeds] == ["kraken"]


@pytest.mark.parametrize(
    ("environ", "key", "value"),
    [
        ({"TICKER_SERVER__HOST": "0.0.0.0"}, "server.host", "0.0.0.0"),
        ({"ticker_server__host": "::"}, "server.host", "::"),
        ({"TICKER_SERVER": '{"port": 9000}'}, "server.port", 9000),
        ({"TICKER_SERVER": '{"port": 9000}', "TICKER_SERVER__PORT": "9001"}, "server.port", 9001),
        ({"TICKER_FRESHNESS__DISCONNECTED_S": "2.5"}, "freshness.disconnected_s", 2.5),
        ({"TICKER_FRESHNESS__QUIET_BY_PATTERN": '{"sim:*": 5}'}, "freshness.quiet_by_pattern", {"sim:*": 5}),
        ({"TICKER_LOGGING__LEVEL": "debug"}, "logging.level", "debug"),
    ],
)
def test_a_variable_sets_a_key(environ: dict[str, str], key: str, value: object) -> None:
    section, name = key.split(".")
    assert getattr(getattr(load(None, {}, environ), section), name) == value


def test_rates_are_kept_highest_first(tmp_path: Path) -> None:
    settings = loaded(tmp_path, FEED + "[fanout]\nrates = [1, 2.5, 10.0]\nticker_rate = 2.5\n")
    assert settings.fanout.ticker_rate == 2.5
    assert "\nrates = [10, 2.5, 1]\nticker_rate = 2.5\n" in effective(settings)


@pytest.mark.parametrize(
    ("rates", "problem"),
    [
        ("rates = []", "rates: found []; allowed: 1 to 16 rates, all different"),
        ("rates = [10, 1, 10.0]", "rates: found [10, 1, 10]; allowed: 1 to 16 rates, all different"),
        (f"rates = {list(range(1, 18))}", f"rates: found {list(range(1, 18))}; allowed: 1 to 16 rates, all different"),
        ("rates = [0]", "rates[0]: found 0; allowed: a number from 0.001 to 1000"),
        ("rates = [10, 1001]", "rates[1]: found 1001; allowed: a number from 0.001 to 1000"),
        ("rates = [10, true]", "rates[1]: found true; allowed: a number from 0.001 to 1000"),
        ("rates = 10", "rates: found 10; allowed: a list, each item a number from 0.001 to 1000"),
        (
            "ticker_rate = 7",
            "ticker_rate: found 7; allowed: one of the rates in fanout.rates: 50, 20, 10, 4, 2, 1, 0.5, 0.2",
        ),
        ("rates = [5, 1]", "ticker_rate: found nothing; allowed: one of the rates in fanout.rates: 5, 1"),
        ("rates = [5, 1]\nticker_rate = 10", "ticker_rate: found 10; allowed: one of the rates in fanout.rates: 5, 1"),
    ],
)
def test_rates_that_cannot_be_offered(tmp_path: Path, rates: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, FEED + f"[fanout]\n{rates}\n")
    assert str(caught.value) == f"{tmp_path}/ticker.toml: fanout.{problem}"


def test_the_demo_runs_where_nothing_names_feeds() -> None:
    settings = load(None, {"server": {"port": 1}}, {"TICKER_SERVER__HOST": "::"})
    assert settings.demo
    assert [feed.name for feed in settings.feeds] == [stanza["name"] for stanza in DEMO]


def test_the_demo_does_not_run_where_something_names_feeds(tmp_path: Path) -> None:
    stanza = {"name": "sim", "adapter": "simulated", "symbols": 1}
    assert not loaded(tmp_path, FEED).demo
    assert not load(None, {"feeds": [stanza]}, {}).demo
    assert not load(None, {}, {"TICKER_FEEDS": '[{"name": "sim", "adapter": "simulated", "symbols": 1}]'}).demo


@pytest.mark.parametrize("text", ["", "[server]\nport = 1\n", "feeds = []\n"])
def test_a_file_without_feeds_is_told_what_to_add(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == (
        f"{tmp_path}/ticker.toml: feeds: found []; allowed: at least one feed, such as\n"
        "    [[feeds]]\n"
        '    name = "coinbase"\n'
        '    adapter = "coinbase"\n'
        '    symbols = ["BTC-USD", "ETH-USD"]'
    )


def test_a_file_without_feeds_serves_where_another_source_names_them(tmp_path: Path) -> None:
    overrides = {"feeds": [{"name": "sim", "adapter": "simulated", "symbols": 1}]}
    assert loaded(tmp_path, "[server]\nport = 9\n", overrides=overrides).server.port == 9


def test_the_example_that_an_error_gives_is_valid(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, "")
    example = str(caught.value).split("such as\n")[1]
    assert loaded(tmp_path, example).feeds[0].name == "coinbase"


@pytest.mark.parametrize(
    "origin", ["https://dashboard.example", "http://localhost:3000", "http://[::1]:8443", "https://192.0.2.7"]
)
def test_an_origin_is_as_a_browser_names_it(origin: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, FEED + f'[server]\norigins = ["{origin}"]\n').server.origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "dashboard.example", "https://dashboard.example/", "https://Dashboard.example", "https://*.x"],
)
def test_what_no_browser_would_name_is_no_origin(origin: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="an origin as browsers name it"):
        loaded(tmp_path, FEED + f'[server]\norigins = ["{origin}"]\n')
