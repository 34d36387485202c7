"""Schemas in words, as HTML: what a value may be, and which fields an object has."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_CODE = re.compile(r"`([^`]+)`")
_KEY = re.compile(r"^(\s*)(&quot;\w+&quot;):", re.MULTILINE)
_INNERMOST = (re.compile(r"\[[^\[\]{}]*\]"), re.compile(r"\{[^{}]*\}"))  # lists, then objects
NARROW = 64  # characters, up to which a list or an object of an example stays on one line


class Field(NamedTuple):
    """One field of an object, or one parameter of a request: all of it HTML but the name."""

    name: str
    kind: str
    text: str
    required: bool


def prose(text: str) -> str:
    """Paragraphs, with what stands between backticks as code."""
    return "".join(f"<p>{inline(part)}</p>" for part in text.split("\n\n"))


def inline(text: str) -> str:
    """A text with what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def name_of(reference: str) -> str:
    """`Quote` of `#/components/schemas/Quote`."""
    return reference.rpartition("/")[2]


def kind(schema: Schema) -> str:
    """What a value may be."""
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        return f'<a href="#{name}">{name}</a>'
    for alternatives in (schema.get("anyOf"), schema.get("oneOf")):
        if alternatives:
            return _or(_each(alternatives))
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return _or(map(_literal, schema["enum"]))
    if "allOf" in schema:
        return kind(schema["allOf"][0])
    return _or(_of_type(one, schema) for one in _types(schema))


def fields(schema: Schema) -> list[Field]:
    """An object's fields, in their order."""
    required = schema.get("required", ())
    return [
        Field(name, kind(one), inline(one.get("description", "")), name in required)
        for name, one in schema.get("properties", {}).items()
    ]


def example(value: Any) -> str:
    """JSON to look at: one field a line, but short lists and objects on one."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    for innermost in _INNERMOST:
        text = innermost.sub(_on_one_line, text)
    return _KEY.sub(r"\1<b>\2</b>:", escape(text))


def _each(alternatives: Sequence[Schema]) -> Iterator[str]:
    return map(kind, alternatives)


def _types(schema: Schema) -> Sequence[str]:
    types = schema.get("type", "anything")
    return [types] if isinstance(types, str) else types


def _of_type(name: str, schema: Schema) -> str:
    if name == "array":
        items = schema.get("items", {})
        return f"list of {kind(items)}"
    if name == "object" and isinstance(counted := schema.get("additionalProperties"), Mapping):
        return f"{kind(counted)} by name"
    return "null" if name == "null" else name + _range(schema) * (name in ("integer", "number"))


def _range(schema: Schema) -> str:
    least, most, above = (schema.get(key) for key in ("minimum", "maximum", "exclusiveMinimum"))
    if least is not None and most is not None and most < 2**53 - 1:
        return f" from {least} to {most}"
    if above is not None:
        return f" above {above}"
    return ""


def _literal(value: object) -> str:
    return f"<code>{escape(value if isinstance(value, str) else json.dumps(value))}</code>"


def _or(words: Iterator[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _on_one_line(match: re.Match[str]) -> str:
    line = re.sub(r"\s*\n\s*", " ", match[0]).replace("[ ", "[").replace(" ]", "]")
    return line.replace("{ ", "{").replace(" }", "}") if len(line) <= NARROW and match.start() else match[0]
