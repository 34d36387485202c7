"""The settings as a whole: the sections and the feeds, from all sources, checked together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from feeds.catalog import DEMO, AnyOptions
from ticker.check import explain, repeated_names
from ticker.errors import Problem, SettingsError
from ticker.sections import Bars, Drain, Fanout, Freshness, History, Limits, Logging, Operations, Reload, Server, Tls
from ticker.sources import COMMAND_LINE, Layer, from_environment, from_file, merged

A_FEED = {"name": "coinbase", "adapter": "coinbase", "symbols": ["BTC-USD", "ETH-USD"]}
SOME_FEED = """\
at least one feed, such as
    [[feeds]]
    name = "coinbase"
    adapter = "coinbase"
    symbols = ["BTC-USD", "ETH-USD"]"""


def _demo() -> tuple[AnyOptions, ...]:
    return TypeAdapter(tuple[AnyOptions, ...]).validate_python(DEMO)


class Settings(BaseSettings):
    """Everything an operator can set. `load` makes it; made directly it sees neither file nor environment."""

    # case_sensitive: else [Server] in a file would pass for [server], and one of the two be lost
    model_config = SettingsConfigDict(
        env_prefix="TICKER_", env_nested_delimiter="__", case_sensitive=True, extra="forbid", frozen=True
    )

    server: Server = Server()
    operations: Operations = Operations()
    tls: Tls = Tls()
    fanout: Fanout = Fanout()
    limits: Limits = Limits()
    freshness: Freshness = Freshness()
    bars: Bars = Bars()
    history: History = History()
    drain: Drain = Drain()
    reload: Reload = Reload()
    logging: Logging = Logging()
    feeds: tuple[AnyOptions, ...] = Field(
        default_factory=_demo,
        description="where prices come from",
        examples=[[A_FEED]],
        json_schema_extra={"allowed": SOME_FEED},
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What it is made with, alone: `load` merges the sources, because a problem must name the one it came from."""
        return (init_settings,)

    @field_validator("feeds")
    @classmethod
    def _at_least_one(cls, feeds: tuple[AnyOptions, ...]) -> tuple[AnyOptions, ...]:
        if not feeds:
            raise ValueError(f"allowed: {SOME_FEED}")
        return feeds

    @property
    def demo(self) -> bool:
        """Whether the demo's feeds run because no source named any."""
        return "feeds" not in self.model_fields_set


def load(config: Path | None, overrides: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """The settings in effect: defaults, below `config`, below TICKER_… in `environ`, below `overrides`.

    `overrides` (the command line's) has the shape of the file. Raises SettingsError with all problems at once.
    """
    problems: list[Problem] = []
    layers = [Layer(COMMAND_LINE, overrides), from_environment(Settings, environ, problems)]
    if config is not None:
        layers.append(from_file(config, problems))
    problems += repeated_names(layers)
    try:
        settings = Settings(**merged(layers))
    except ValidationError as error:
        raise SettingsError(problems + explain(error, layers, Settings.model_json_schema())) from None
    if problems:
        raise SettingsError(problems)
    return settings
