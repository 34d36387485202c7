"""Values and settings as TOML: what is printed can be read again, and no secret is in it."""

import tomllib
from pathlib import Path

import pytest

from ticker.rendering import dotted, effective, found, toml_value
from ticker.settings import Settings, load


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (8080, "8080"),
        (10.0, "10"),
        (1.5, "1.5"),
        (float("inf"), "inf"),
        ('say "hi"\n', r'"say \"hi\"\n"'),
        ("tíckér", '"tíckér"'),
        (("a", "b"), '["a", "b"]'),
        ({}, "{}"),
        ({"sim:*": 5, "b": [1]}, '{"sim:*" = 5, b = [1]}'),
        (Path("capture.gz"), '"capture.gz"'),
        (["wss://venue.test/?token=secret"], '["wss://venue.test/?token=***"]'),
    ],
)
def test_a_value_is_written_as_toml(value: object, text: str) -> None:
    assert toml_value(value) == text


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert dotted(("feeds", 1, "symbols")) == "feeds[1].symbols"
    assert dotted(("freshness", "quiet_by_pattern", "sim:*")) == 'freshness.quiet_by_pattern."sim:*"'


def test_what_is_found_is_one_short_line() -> None:
    assert found({"a": 1}) == "a table"
    assert found("x" * 200) == '"' + "x" * 79 + "…"


def test_the_settings_in_effect_can_be_read_again() -> None:
    stanza = {"name": "coinbase", "adapter": "coinbase", "symbols": ["BTC-USD"], "url": "wss://venue.test/ws"}
    overrides = {"feeds": [stanza], "freshness": {"quiet_by_pattern": {"sim:*": 5}}, "server": {"host": "::"}}
    settings = load(None, overrides, {})
    assert Settings(**tomllib.loads(effective(settings))) == settings


def test_the_settings_in_effect_are_printed_section_by_section() -> None:
    stanza = {"name": "coinbase", "adapter": "coinbase", "symbols": ["BTC-USD"], "url": "wss://me:pw@venue.test/?k=v"}
    text = effective(load(None, {"feeds": [stanza]}, {}))
    assert text.startswith(
        '[server]\nhost = "127.0.0.1"\nport = 8080\norigins = []\n\n[operations]\n# host is not set\n'
    )
    assert '\n\n[[feeds]]\nname = "coinbase"\nadapter = "coinbase"\n' in text
    assert '\nurl = "wss://***@venue.test/?k=***"\n' in text
    assert "\n# silence_s is not set\n" in text
