"""What is said of each kind of mistake, word by word, and that all mistakes are told at once."""

import json
from pathlib import Path

import pytest

from feeds.errors import TickerError
from ticker.errors import Problem, SettingsError
from ticker.settings import load

SIMULATED = '[[feeds]]\nname = "sim"\nadapter = "simulated"\nsymbols = 3\n'
SERVER_KEYS = "host, port, origins"
FANOUT_KEYS = (
    "flush_interval_ms, flush_wait_max_ms, rates, ticker_rate, heartbeat_s, ping_s, pong_timeout_s, write_deadline_s, "
    "slow_queue_messages, slow_queue_bytes, send_buffer_bytes, notsent_lowat_bytes"
)
SECTIONS = "server, operations, tls, fanout, limits, freshness, bars, history, drain, reload, logging, feeds"
NO_INSTRUMENT = "'btc-usd' is not an instrument; write it in upper case, like BTC-USD"
NAMES = "a list that is not empty, each item a string"
COUNT_OR_NAMES = f"a whole number from 1 to 1000000, or {NAMES}"
ADAPTERS = "one of binance, coinbase, kraken, replay, simulated"


def problems(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """What is wrong, a line each, without the path of the file."""
    with pytest.raises(SettingsError) as caught:
        load(path, {}, environ or {})
    return [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]


def variable_problems(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(None, {}, {f"TICKER_{name}": value for name, value in variables.items()})
    return [str(problem).removeprefix("environment: TICKER_") for problem in caught.value.problems]


def in_file(directory: Path, text: str) -> Path:
    path = directory / "ticker.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = 99999", "server.port: found 99999; allowed: a whole number from 1 to 65535"),
        ("[server]\nport = 80.5", "server.port: found 80.5; allowed: a whole number from 1 to 65535"),
        ('[server]\nport = "http"', 'server.port: found "http"; allowed: a whole number from 1 to 65535'),
        ("[server]\nport = [1]", "server.port: found [1]; allowed: a whole number from 1 to 65535"),
        ("[server]\nport = {}", "server.port: found a table; allowed: a whole number from 1 to 65535"),
        ("[server]\nport = 1979-05-27", 'server.port: found "1979-05-27"; allowed: a whole number from 1 to 65535'),
        ("[server]\nhost = 5", "server.host: found 5; allowed: a string that is not empty"),
        ('[server]\nhost = ""', 'server.host: found ""; allowed: a string that is not empty'),
        ("[fanout]\nflush_interval_ms = -1", "fanout.flush_interval_ms: found -1; allowed: a number of at least 0"),
        ("[fanout]\nheartbeat_s = 0", "fanout.heartbeat_s: found 0; allowed: a number above 0"),
        ("[fanout]\nheartbeat_s = inf", "fanout.heartbeat_s: found inf; allowed: a number above 0, not infinite"),
        ("[fanout]\nping_s = '1 s'", 'fanout.ping_s: found "1 s"; allowed: a number above 0'),
        ("[fanout]\nping_s = true", "fanout.ping_s: found true; allowed: a number above 0"),
        ("[limits]\nclients = false", "limits.clients: found false; allowed: a whole number of at least 1"),
        ("[limits]\nclients = 0", "limits.clients: found 0; allowed: a whole number of at least 1"),
        ('[logging]\nlevel = "warn"', 'logging.level: found "warn"; allowed: one of debug, info, warning, error'),
        (
            '[freshness]\nquiet_by_pattern = { "sim:*" = 0 }',
            'freshness.quiet_by_pattern."sim:*": found 0; allowed: a number above 0',
        ),
        (
            "[freshness]\nquiet_by_pattern = 5",
            "freshness.quiet_by_pattern: found 5; allowed: a table, each value a number above 0",
        ),
    ],
)
def test_a_bad_value_is_told_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    assert problems(in_file(tmp_path, f"{SIMULATED}{text}\n")) == [said]


def test_a_section_that_is_none_is_told(tmp_path: Path) -> None:
    said = f"server: found 8080; allowed: a table with the keys {SERVER_KEYS}"
    assert problems(in_file(tmp_path, f"server = 8080\n{SIMULATED}")) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1", f"server.prot: found an unknown key; did you mean server.port? allowed: {SERVER_KEYS}"),
        (
            "[fanout]\nping = 20",
            f"fanout.ping: found an unknown key; did you mean fanout.ping_s? allowed: {FANOUT_KEYS}",
        ),
        (
            "[fanout]\nport = 20",
            f"fanout.port: found an unknown key; did you mean server.port? allowed: {FANOUT_KEYS}",
        ),
        ("[servers]", f"servers: found an unknown key; did you mean server? allowed: {SECTIONS}"),
        ("[Server]", f"Server: found an unknown key; did you mean server? allowed: {SECTIONS}"),
        ('["a b"]', f'"a b": found an unknown key; did you mean fanout? allowed: {SECTIONS}'),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(tmp_path: Path, text: str, said: str) -> None:
    assert problems(in_file(tmp_path, f"{SIMULATED}{text}\n")) == [said]


def stanza(**options: object) -> str:
    known = {"name": "coinbase", "adapter": "coinbase", "symbols": ["BTC-USD"]} | options
    return "[[feeds]]\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in known.items() if value is not None
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (stanza(adapter="coinbse"), f'feeds[0].adapter: found "coinbse"; allowed: {ADAPTERS}'),
        (stanza(adapter=None), f"feeds[0].adapter: found nothing; allowed: {ADAPTERS}"),
        (stanza(adapter=3), f"feeds[0].adapter: found 3; allowed: {ADAPTERS}"),
        (stanza(symbols=["btc-usd"]), f'feeds[0].symbols: found ["btc-usd"]; {NO_INSTRUMENT}'),
        (stanza(symbols=[]), f"feeds[0].symbols: found []; allowed: {NAMES}"),
        (stanza(symbols="BTC-USD"), f'feeds[0].symbols: found "BTC-USD"; allowed: {NAMES}'),
        (stanza(symbols=["BTC-USD", 5]), "feeds[0].symbols[1]: found 5; allowed: a string"),
        (stanza(symbols=None), f"feeds[0].symbols: found nothing; allowed: {NAMES}"),
        (
            stanza(channels=["quotes", "bars"]),
            'feeds[0].channels[1]: found "bars"; allowed: one of quotes, trades, stats',
        ),
        (stanza(connect_timeout_s=0), "feeds[0].connect_timeout_s: found 0; allowed: a number above 0"),
        (
            SIMULATED.replace("3", '"many"'),
            f'feeds[0].symbols: found "many"; allowed: {COUNT_OR_NAMES}',
        ),
        ("feeds = [5]\n", f"feeds[0]: found 5; allowed: a table whose adapter is {ADAPTERS}"),
        (SIMULATED + SIMULATED, 'feeds[1].name: found "sim"; feeds[0].name is the same; names must differ'),
    ],
)
def test_a_bad_stanza_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert problems(in_file(tmp_path, text)) == [said]


def test_an_unknown_key_of_a_stanza_is_told_with_its_adapters_keys(tmp_path: Path) -> None:
    (said,) = problems(in_file(tmp_path, SIMULATED + "rat = 5\n"))
    assert said.startswith("feeds[0].rat: found an unknown key; did you mean feeds[0].rate? allowed: name, adapter, ")
    assert "connect_timeout_s" not in said


def test_feeds_as_a_table_are_told_how_to_write_them(tmp_path: Path) -> None:
    (said,) = problems(in_file(tmp_path, '[feeds]\nname = "coinbase"\n'))
    assert said.startswith("feeds: found a table; allowed: at least one feed, such as\n    [[feeds]]\n")


def test_what_is_found_is_cut_where_it_is_long(tmp_path: Path) -> None:
    (said,) = problems(in_file(tmp_path, f'{SIMULATED}[server]\nport = "{"9" * 1000}"\n'))
    assert said == f'server.port: found "{"9" * 79}…; allowed: a whole number from 1 to 65535'


def test_secrets_are_hidden_in_what_is_found(tmp_path: Path) -> None:
    (said,) = problems(in_file(tmp_path, stanza(url="http://me:secret@venue.test/?key=secret")))
    assert said.startswith('feeds[0].url: found "http://***@venue.test/?key=***"; ')


def test_all_mistakes_are_told_at_once_and_in_the_words_of_their_source(tmp_path: Path) -> None:
    text = """
    [server]
    port = 0
    hots = "::"
    [fanout]
    ping_s = "soon"
    [[feeds]]
    name = "sim"
    adapter = "simulated"
    symbols = 0
    [[feeds]]
    name = "sim"
    adapter = "nosuch"
    """
    path = in_file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path, {"logging": {"level": "loud"}}, {"TICKER_HISTORY__TRADES_S": "-1", "TICKER_FOO": "1"})
    assert sorted(str(caught.value).splitlines()) == sorted(
        [
            f"{path}: server.port: found 0; allowed: a whole number from 1 to 65535",
            f"{path}: server.hots: found an unknown key; did you mean server.host? allowed: {SERVER_KEYS}",
            f'{path}: fanout.ping_s: found "soon"; allowed: a number above 0',
            f"{path}: feeds[0].symbols: found 0; allowed: {COUNT_OR_NAMES}",
            f'{path}: feeds[1].adapter: found "nosuch"; allowed: {ADAPTERS}',
            f'{path}: feeds[1].name: found "sim"; feeds[0].name is the same; names must differ',
            'environment: TICKER_HISTORY__TRADES_S: found "-1"; allowed: a number above 0',
            "environment: TICKER_FOO: found an unknown variable; did you mean TICKER_BARS__FROM_QUOTES?",
            'command line: logging.level: found "loud"; allowed: one of debug, info, warning, error',
        ]
    )


def test_problems_can_be_read_one_by_one(tmp_path: Path) -> None:
    path = in_file(tmp_path, f"{SIMULATED}[server]\nport = 0\n")
    with pytest.raises(TickerError) as caught:
        load(path, {}, {})
    assert isinstance(caught.value, SettingsError)
    allowed = "allowed: a whole number from 1 to 65535"
    assert caught.value.problems == (Problem(str(path), "server.port", "0", allowed),)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SERVER__PORT": "x"}, 'SERVER__PORT: found "x"; allowed: a whole number from 1 to 65535'),
        ({"SERVER__PORT": ""}, 'SERVER__PORT: found ""; allowed: a whole number from 1 to 65535'),
        ({"SERVER": "x"}, f'SERVER: found "x"; allowed: JSON, a table with the keys {SERVER_KEYS}'),
        (
            {"SERVER": '{"prot": 1}'},
            f"SERVER__PROT: found an unknown key; did you mean TICKER_SERVER__PORT? allowed: {SERVER_KEYS}",
        ),
        (
            {"FRESHNESS__QUIET_BY_PATTERN": "{"},
            'FRESHNESS__QUIET_BY_PATTERN: found "{"; allowed: JSON, such as {"coinbase:*-USD": 120}',
        ),
        (
            {"FRESHNESS__QUIET_BY_PATTERN": '{"a:*": 0}'},
            'FRESHNESS__QUIET_BY_PATTERN."a:*": found 0; allowed: a number above 0',
        ),
        (
            {"FEEDS": '[{"name": "a", "adapter": "coinbase", "symbols": ["BTC-USD"], "channels": 1}]'},
            "FEEDS[0].channels: found 1; allowed: a list that is not empty, each item one of quotes, trades, stats",
        ),
    ],
)
def test_a_bad_variable_is_told_by_its_name(variables: dict[str, str], said: str) -> None:
    assert variable_problems(**variables) == [said]


@pytest.mark.parametrize("value", ["[{", "coinbase:BTC-USD", "3", "[]", "{}"])
def test_a_variable_that_lists_no_feeds_is_told_their_json(value: str) -> None:
    (said,) = variable_problems(FEEDS=value)
    example = json.loads(said.split("; allowed: JSON, such as ")[1])
    assert load(None, {}, {"TICKER_FEEDS": json.dumps(example)}).feeds[0].name == "coinbase"
