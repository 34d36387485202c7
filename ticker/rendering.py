"""Values and settings as TOML text for people to read, with secrets hidden."""

import json
import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from pydantic import BaseModel

from feeds.masking import masked

KeyPath = tuple[str | int, ...]  # what leads to a value: ("feeds", 1, "symbols")

LONGEST_FOUND = 80


def toml_value(value: object) -> str:
    """A value as TOML, on one line, with secrets in URLs hidden."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
        case _:
            return json.dumps(masked(str(value)), ensure_ascii=False)


def toml_key(key: str) -> str:
    """A key as TOML: quoted unless it is a bare one."""
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key, ensure_ascii=False)


def dotted(path: KeyPath) -> str:
    """`feeds[1].symbols`, `freshness.quiet_by_pattern."coinbase:*"`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{toml_key(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def found(value: object) -> str:
    """What stands in place of a good value, cut where it is long."""
    if isinstance(value, Mapping):
        return "a table"
    text = toml_value(value)
    return text if len(text) <= LONGEST_FOUND else text[:LONGEST_FOUND] + "…"


def effective(settings: BaseModel) -> str:
    """The settings as a TOML file would have them. What is not set is a comment, because TOML has no null."""
    blocks = [_blocks(name, getattr(settings, name)) for name in type(settings).model_fields]
    return "\n\n".join(chain.from_iterable(blocks))


def _blocks(name: str, value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        return [f"[{name}]\n{_lines(value)}"]
    return [f"[[{name}]]\n{_lines(item)}" for item in value]


def _lines(section: BaseModel) -> str:
    return "\n".join(_line(key, getattr(section, key)) for key in type(section).model_fields)


def _line(key: str, value: object) -> str:
    return f"# {key} is not set" if value is None else f"{key} = {toml_value(value)}"
