"""Where settings come from: a TOML file, the environment, the command line. Each becomes a layer of raw values."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource
from rapidfuzz import fuzz

from ticker.errors import Problem
from ticker.rendering import KeyPath, dotted

COMMAND_LINE = "command line"
ENVIRONMENT = "environment"
PREFIX = "TICKER_"
OF_THE_CLIENT = "TICKER_TOKEN"  # for `ticker watch`: no setting of the service, and no mistake

# Kubernetes tells each pod the addresses of its namespace's services; those of one called ticker or ticker-… come as
# TICKER_SERVICE_HOST=…, TICKER_PORT=tcp://… and so on. Nobody wrote them: they are no mistakes.
_SERVICE_LINK = re.compile(
    r"TICKER_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=.*"
    r"|TICKER_(\w+_)?PORT=(tcp|udp|sctp)://.*"
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One source's values, in the shape of the file. `spell` writes a key as the source's author does."""

    source: str
    values: Mapping[str, Any]
    spell: Callable[[KeyPath], str] = dotted


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The layers' values, the first layer on top. Tables are merged key by key; lists are replaced as a whole."""
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        values = _over(values, layer.values)
    return values


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(below)
    for key, value in above.items():
        tables = isinstance(value, Mapping) and isinstance(values.get(key), Mapping)
        values[key] = _over(values[key], value) if tables else value
    return values


def follow(values: Any, path: KeyPath) -> list[Any]:
    """What lies on the way along `path`, as far as it goes: with the value at its end if the list is as long."""
    way = []
    for part in path:
        try:
            values = values[part]
        except (LookupError, TypeError):
            break
        way.append(values)
    return way


def origin(path: KeyPath, layers: Sequence[Layer]) -> Layer:
    """The layer that says what stands at `path`: the topmost of those that have most of the tables leading to it."""
    tables = tuple(takewhile(lambda part: isinstance(part, str), path))  # a list is one layer's alone
    return max(layers, key=lambda layer: len(follow(layer.values, tables)))


def from_file(path: Path, problems: list[Problem]) -> Layer:
    """The values in a TOML file; none, and a problem, where it cannot be read."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "no such file"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text, from byte {error.start} on"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not TOML: {error}"
    else:
        # a file that names no feed is a mistake: the demo is for those who have no file
        return Layer(str(path), {"feeds": [], **values})
    problems.append(Problem(str(path), "", "", problem))
    return Layer(str(path), {})


def from_environment(settings: type[BaseSettings], environ: Mapping[str, str], problems: list[Problem]) -> Layer:
    """The values in the TICKER_… variables. One that no setting answers to is a problem."""
    known = variables(settings)
    ours: dict[str, str] = {}
    for name, value in environ.items():
        if name.upper() in known:
            ours[name] = value
        elif name.upper() != OF_THE_CLIENT and _is_ours(name, value):
            problems.append(_unknown_variable(name, known))
    return Layer(ENVIRONMENT, _Variables(settings, ours)(), variable)


def _is_ours(name: str, value: str) -> bool:
    return name.upper().startswith(PREFIX) and not _SERVICE_LINK.fullmatch(f"{name}={value}")


def variable(path: KeyPath) -> str:
    """A setting as the environment spells it: `TICKER_SERVER__PORT`, and `TICKER_FEEDS[1].symbols` within JSON."""
    names = [part.upper() for part in path[:2] if isinstance(part, str)]
    return dotted((PREFIX + "__".join(names), *path[len(names) :]))


def variables(settings: type[BaseSettings]) -> list[str]:
    """The names of all variables: one for each section or list, as JSON, and one for each key of a section."""
    names = []
    for name, field in settings.model_fields.items():
        names.append(variable((name,)))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += [variable((name, key)) for key in field.annotation.model_fields]
    return names


def _unknown_variable(name: str, known: Sequence[str]) -> Problem:
    def likeness(other: str) -> float:
        return fuzz.WRatio(name.upper().removeprefix(PREFIX), other.removeprefix(PREFIX))

    return Problem(ENVIRONMENT, name, "an unknown variable", f"did you mean {max(known, key=likeness)}?")


class _Variables(EnvSettingsSource):
    """What pydantic-settings reads from the given variables, in place of the process's own."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings, case_sensitive=False)
        self.env_vars = {name.lower(): value for name, value in environ.items()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON, decoded. Other text stays as it is, for validation to report with all else that is wrong."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value
