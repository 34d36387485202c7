"""What is wrong with settings, told to whoever wrote them: pydantic's errors as problems in plain words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz

from ticker.errors import Problem
from ticker.rendering import KeyPath, found, toml_value
from ticker.schema import Schema, one_of
from ticker.sources import ENVIRONMENT, Layer, follow, merged, origin


def explain(error: ValidationError, layers: Sequence[Layer], schema: Mapping[str, Any]) -> list[Problem]:
    """One problem for each key that is wrong in what `layers` say together; `schema` is the settings' JSON schema."""
    root = Schema(schema, schema["$defs"])
    values = merged(layers)
    problems: dict[KeyPath, Problem] = {}
    for details in error.errors(include_url=False):
        path, place = _locate(details, root)
        layer = origin(path, layers)
        if details["type"] == "extra_forbidden":
            problem = _unknown_key(path, place, root, layer)
        else:
            problem = _bad_value(details, path, place, values, layer)
        problems.setdefault(path, problem)
    return list(problems.values())


def repeated_names(layers: Sequence[Layer]) -> list[Problem]:
    """A problem for each feed whose name an earlier one has. It reads raw values, so that no other error hides one."""
    feeds = merged(layers).get("feeds")
    if not isinstance(feeds, list):
        return []
    layer = origin(("feeds",), layers)
    names = [feed.get("name") if isinstance(feed, Mapping) else None for feed in feeds]
    problems = []
    for number, name in enumerate(names):
        if isinstance(name, str) and name in names[:number]:
            first, this = (layer.spell(("feeds", index, "name")) for index in (names.index(name), number))
            problems.append(Problem(layer.source, this, toml_value(name), f"{first} is the same; names must differ"))
    return problems


def _locate(details: ErrorDetails, root: Schema) -> tuple[KeyPath, Schema]:
    """The key that an error is about, and the place in the schema that says what is allowed."""
    path, place = root.locate(details["loc"])
    match details["type"]:
        case "extra_forbidden":
            return (*path, details["loc"][-1]), place
        case "union_tag_invalid" | "union_tag_not_found" if place.members:
            return (*path, place.discriminator), place
        case _:
            return path, place


def _unknown_key(path: KeyPath, place: Schema, root: Schema, layer: Layer) -> Problem:
    known = [*((*path[:-1], key) for key in place.keys), *root.paths()]
    nearest = max(known, key=lambda candidate: _likeness(path, candidate))
    advice = f"did you mean {layer.spell(nearest)}? allowed: {', '.join(place.keys)}"
    return Problem(layer.source, layer.spell(path), "an unknown key", advice)


def _likeness(path: KeyPath, candidate: KeyPath) -> float:
    """How likely it is that a key was meant; one of the same table is likelier than one a little more alike."""
    same_table = 10 if path[:-1] == candidate[:-1] else 0
    return fuzz.WRatio(str(path[-1]), str(candidate[-1])) + same_table


def _bad_value(details: ErrorDetails, path: KeyPath, place: Schema, values: Mapping[str, Any], layer: Layer) -> Problem:
    way = [values, *follow(values, path)]
    what = found(way[-1]) if len(way) > len(path) else "nothing"
    advice = _json_advice(place, way[-1], layer) or _advice(details, place)
    return Problem(layer.source, layer.spell(path), what, advice)


def _json_advice(place: Schema, value: object, layer: Layer) -> str:
    """What a variable should hold where a list or a table is wanted; empty where the general advice serves."""
    if layer.source != ENVIRONMENT or not place.is_compound:
        return ""
    if place.example:
        return f"allowed: JSON, such as {json.dumps(place.example)}"
    return f"allowed: JSON, {place.allowed()}" if isinstance(value, str) else ""


def _advice(details: ErrorDetails, place: Schema) -> str:
    match details["type"]:
        case "value_error":
            return str(details["ctx"]["error"])
        case "union_tag_invalid" | "union_tag_not_found" if place.members:
            return f"allowed: {one_of(place.members)}"
        case "finite_number":
            return f"allowed: {place.allowed()}, not infinite"
        case _:
            return f"allowed: {place.allowed()}"
