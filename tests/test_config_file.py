"""config/ticker.toml has every option there is, with its default, and all that it shows is valid."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from feeds import binance, coinbase, kraken
from feeds.catalog import DEMO, AnyOptions
from tests.requires import ROOT
from ticker.errors import SettingsError
from ticker.settings import Settings, load

CONFIG = ROOT / "config" / "ticker.toml"
TEXT = CONFIG.read_text(encoding="utf-8")
# What is commented out follows its # at once; in prose there is a space between.
EVERYTHING = re.sub(r"^#(?=[a-z\[])", "", TEXT, flags=re.MULTILINE)
TABLES: dict[str, Any] = tomllib.loads(EVERYTHING)

Stanzas = list[Mapping[str, object]]


def options() -> Iterator[tuple[str, str, FieldInfo, Stanzas]]:
    """Each option with the table it belongs to, and where the file shows that table."""
    for section, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for key, option in field.annotation.model_fields.items():
                yield section, key, option, [TABLES[section]]
    for model in get_args(get_args(AnyOptions)[0]):
        (adapter,) = get_args(model.model_fields["adapter"].annotation)
        for key, option in model.model_fields.items():
            yield adapter, key, option, [stanza for stanza in TABLES["feeds"] if stanza["adapter"] == adapter]


OPTIONS = [pytest.param(*option, id=f"{option[0]}.{option[1]}") for option in options()]


def as_toml_has_it(value: object) -> object:
    """A default as a TOML file's value: lists for tuples."""
    return TypeAdapter(Any).dump_python(value, mode="json")


def test_the_file_gives_the_defaults_and_the_demo() -> None:
    settings = load(CONFIG, {}, {})
    assert settings == Settings()
    stanzas = tomllib.loads(TEXT)["feeds"]
    assert stanzas == list(DEMO)


@pytest.mark.parametrize(("table", "key", "option", "shown"), OPTIONS)
def test_every_option_is_there_with_its_default(table: str, key: str, option: FieldInfo, shown: Stanzas) -> None:
    values = [stanza[key] for stanza in shown if key in stanza]
    assert values, f"{table}.{key} is missing"
    if not option.is_required() and option.default is not None:
        assert as_toml_has_it(option.default) in values


@pytest.mark.parametrize("key", sorted({key for _, key, _, _ in options()}))
def test_every_option_has_an_explanation_behind_it(key: str) -> None:
    assert re.search(rf"^#?{key} = .+ # \S", TEXT, re.MULTILINE)


def test_what_is_commented_out_is_valid_too() -> None:
    settings = Settings(**TABLES)
    names = [feed.name for feed in settings.feeds]
    assert len(set(names)) == len(names) == len(TABLES["feeds"]) > len(DEMO)


@pytest.mark.parametrize("venue", [binance, coinbase, kraken])
def test_a_venues_url_is_the_one_in_use(venue: Any) -> None:
    (stanza,) = (stanza for stanza in TABLES["feeds"] if stanza["name"] == venue.__name__.removeprefix("feeds."))
    assert stanza["url"] == venue.URL


def test_the_guide_shows_what_check_config_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (config,) = re.findall(r"^```toml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    (said,) = re.findall(r"^```text\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("ticker.toml").write_text(config)
    with pytest.raises(SettingsError) as caught:
        load(Path("ticker.toml"), {}, {"TICKER_LOG_LEVEL": "debug"})
    assert f"{caught.value}\n" == said


def test_the_guides_variables_are_valid() -> None:
    guide = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    exports = [shlex.split(line)[1].split("=", 1) for line in guide.splitlines() if line.startswith("export ")]
    environ = {name: value for name, value in exports if name != "TICKER_LOG_LEVEL"}
    settings = load(None, {}, environ)
    assert settings.fanout.flush_interval_ms == 20
    assert settings.freshness.quiet_by_pattern == {"coinbase:*-EUR": 300}
    assert [feed.name for feed in settings.feeds] == ["coinbase"]
