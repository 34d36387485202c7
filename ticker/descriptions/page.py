"""The page for people, made of both descriptions: HTML that needs neither scripts nor anything from elsewhere."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from ticker.descriptions.documents import Document, document, resource
from ticker.descriptions.wording import Field, example, fields, inline, kind, name_of, prose

SECTIONS = {
    "websocket": "WebSocket",
    "events": "Server-sent events",
    "http": "HTTP",
    "codes": "Codes",
    "values": "Values",
}


@cache
def page() -> bytes:
    """The whole page, in UTF-8."""
    openapi, asyncapi = document("openapi"), document("asyncapi")
    parts = (_websocket(asyncapi), _events(openapi, asyncapi), _http(openapi), _codes(asyncapi), _values(asyncapi))
    main = "".join(
        f'<section id="{name}"><h2>{title}</h2>{part}</section>'
        for (name, title), part in zip(SECTIONS.items(), parts, strict=True)
    )
    head = f"<title>ticker {asyncapi['info']['version']}: what it understands and says</title><style>{_style()}</style>"
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
    body = f"<body>{_nav(openapi, asyncapi)}<main>{_intro(asyncapi)}{main}</main></body>"
    return f'<!doctype html><html lang="en"><head>{meta}{head}</head>{body}</html>\n'.encode()


@cache
def policy() -> str:
    """What a browser is to let the page do: nothing, in its own style (Content Security Policy Level 3)."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {rest}"


def _style() -> str:
    return resource("page.css").decode()


def _nav(openapi: Document, asyncapi: Document) -> str:
    below = {
        "websocket": _named(asyncapi, asyncapi["channels"]["websocket"]["messages"]),
        "http": [(_operation(operation), path) for path, operation in _paths(openapi)],
    }
    items = "".join(
        f'<li><a href="#{name}">{title}</a><ul>{_links(below.get(name, ()))}</ul></li>'
        for name, title in SECTIONS.items()
    )
    return f'<nav aria-label="Contents"><a class="name" href="#top">ticker</a><ul>{items}</ul></nav>'


def _links(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<li><a href="#{anchor}">{text}</a></li>' for anchor, text in entries)


def _intro(asyncapi: Document) -> str:
    info = asyncapi["info"]
    files = ", ".join(f'<a href="{name}.json">{name}.json</a>' for name in ("asyncapi", "openapi"))
    return (
        f'<header id="top"><h1>ticker <small>{info["version"]}</small></h1>{prose(info["description"])}'
        f"<p>For programs: {files}. Both stand there as .yaml, too.</p></header>"
    )


def _websocket(asyncapi: Document) -> str:
    channel = asyncapi["channels"]["websocket"]
    address = f"ws://{asyncapi['servers']['websocket']['host']}{channel['address']}"
    requests, answers = _by_direction(asyncapi)
    return (
        f"{prose(channel['description'])}<pre>{address}</pre>"
        f"<h3>You send</h3>{''.join(_message(asyncapi, name) for name in requests)}"
        f"<h3>You receive</h3>{''.join(_message(asyncapi, name) for name in answers)}"
    )


def _by_direction(asyncapi: Document) -> tuple[list[str], list[str]]:
    requests = [name_of(o["messages"][0]["$ref"]) for o in asyncapi["operations"].values() if o["action"] == "receive"]
    return requests, [name for name in asyncapi["channels"]["websocket"]["messages"] if name not in requests]


def _payload(asyncapi: Document, message: str) -> str:
    """The name of a message's schema, which is its anchor, too."""
    payload = asyncapi["components"]["messages"][message]["payload"]
    return name_of(payload.get("anyOf", [payload])[0]["$ref"])


def _message(asyncapi: Document, message: str) -> str:
    name = _payload(asyncapi, message)
    schema = asyncapi["components"]["schemas"][name]
    replies = [name_of(m["$ref"]) for m in asyncapi["operations"].get(message, {}).get("reply", {}).get("messages", ())]
    told = " or ".join(f'<a href="#{anchor}">{title}</a>' for anchor, title in _named(asyncapi, replies))
    return _article(
        name,
        asyncapi["components"]["messages"][message]["name"],
        f"{prose(schema['description'])}{f'<p>Answered by {told}.</p>' if told else ''}{_fields(fields(schema))}",
        schema.get("examples", ()),
    )


def _article(anchor: str, title: str, text: str, examples: Sequence[Any] = ()) -> str:
    shown = "".join(f"<pre>{example(one)}</pre>" for one in examples)
    aside = f'<div class="examples">{shown}</div>' if shown else ""
    return f'<article id="{anchor}"><h4>{title}</h4><div class="text">{text}</div>{aside}</article>'


def _fields(entries: Iterable[Field]) -> str:
    rows = "".join(
        f"<div><dt><code>{one.name}</code>{'' if one.required else ' <i>optional</i>'}</dt>"
        f'<dd class="kind">{one.kind}</dd><dd>{one.text}</dd></div>'
        for one in entries
    )
    return f'<dl class="fields">{rows}</dl>' if rows else ""


def _events(openapi: Document, asyncapi: Document) -> str:
    channel, [operation] = asyncapi["channels"]["events"], [o for p, o in _paths(openapi) if p == "/v1/sse"]
    address = f"http://{asyncapi['servers']['http']['host']}{channel['address']}?channel=ticker&amp;symbols=*"
    links = _links(_named(asyncapi, channel["messages"]))
    return (
        f"{prose(channel['description'])}<pre>{address}</pre>{_parameters(openapi, operation)}"
        f'<h3>You receive</h3><ul class="inline">{links}</ul>'
    )


def _named(asyncapi: Document, messages: Iterable[str]) -> list[tuple[str, str]]:
    """Each message's anchor and name."""
    return [(_payload(asyncapi, one), asyncapi["components"]["messages"][one]["name"]) for one in messages]


def _paths(openapi: Document) -> list[tuple[str, Document]]:
    return [(path, item["get"]) for path, item in openapi["paths"].items()]


def _operation(operation: Document) -> str:
    """Its anchor, apart from those of sections and schemas."""
    return f"http-{operation['operationId']}"


def _http(openapi: Document) -> str:
    listed = "".join(
        _article(
            _operation(operation),
            f"GET {path}",
            f"<p>{operation['summary']}.</p>{prose(operation.get('description', ''))}"
            f"{_parameters(openapi, operation)}{_responses(openapi, operation)}",
            _answer_examples(openapi, operation),
        )
        for path, operation in _paths(openapi)
    )
    return prose(openapi["info"]["description"]) + listed


def _parameters(openapi: Document, operation: Document) -> str:
    found = [_resolved(openapi, one) for one in operation.get("parameters", ())]
    return _fields(
        Field(one["name"], kind(one["schema"]), inline(one.get("description", "")), one.get("required", False))
        for one in found
    )


def _responses(openapi: Document, operation: Document) -> str:
    rows = [
        Field(code, _contents(answer), inline(answer["description"]), required=True)
        for code, one in operation["responses"].items()
        for answer in [_resolved(openapi, one)]
    ]
    return f"<h5>Answers</h5>{_fields(rows)}"


def _contents(answer: Document) -> str:
    return " or ".join(
        kind(content["schema"]) if "$ref" in content["schema"] else media
        for media, content in answer.get("content", {}).items()
    )


def _answer_examples(openapi: Document, operation: Document) -> Sequence[Any]:
    content = _resolved(openapi, operation["responses"].get("200", {})).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref")
    return openapi["components"]["schemas"][name_of(reference)].get("examples", ()) if reference else ()


def _resolved(openapi: Document, one: Document) -> Document:
    """A parameter or an answer, wherever it stands."""
    found: Any = openapi
    if "$ref" not in one:
        return one
    for step in one["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    resolved: Document = found
    return resolved


def _codes(asyncapi: Document) -> str:
    errors = asyncapi["components"]["schemas"]["ErrorCode"]["oneOf"]
    refusals = _fields(Field(str(one["const"]), "", inline(one["description"]), required=True) for one in errors)
    closes = _fields(
        Field(", ".join(map(str, one["codes"])), inline(one["meaning"]), inline(one["client"]), required=True)
        for one in asyncapi["channels"]["websocket"]["x-close-codes"]
    )
    return f'<h3 id="ErrorCode">Of errors</h3>{refusals}<h3>Of a WebSocket\'s end</h3>{closes}'


def _values(asyncapi: Document) -> str:
    openapi = document("openapi")
    both: Mapping[str, Document] = openapi["components"]["schemas"] | asyncapi["components"]["schemas"]
    told = {_payload(asyncapi, name) for name in asyncapi["components"]["messages"]} | {"ErrorCode"}
    return "".join(
        _article(name, name, f"{prose(schema.get('description', ''))}{_value(schema)}")
        for name, schema in both.items()
        if name not in told and not (name.endswith("Fields") and name.removesuffix("Fields") in both)
    )


def _value(schema: Document) -> str:
    if "properties" in schema:
        return _fields(fields(schema))
    if all("const" in one for one in schema.get("oneOf", [{}])):
        meanings = (
            Field(str(o["const"]), "", inline(o.get("description", "")), required=True) for o in schema["oneOf"]
        )
        return _fields(meanings)
    return f"<p>{kind(schema)}</p>"
