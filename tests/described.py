"""What tests send and receive, held against the descriptions that the service gives of itself.

The helpers through which tests talk to the service call this for each message and each answer, in both directions. What
is wrong on purpose goes past it: the helper's name says so.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema_rs import Draft202012Validator

from ticker.descriptions.documents import NAMES, Name, document

Message = dict[str, Any]


class Conversation:
    """One connection's messages."""

    def __init__(self) -> None:
        self.chooses = False  # has asked for some `fields` alone

    def sent(self, request: Message) -> None:
        """A request to the service. Raises AssertionError where it is not as described."""
        check(request)
        self.chooses = self.chooses or request.get("fields") is not None

    def received(self, message: Message) -> None:
        """A message from the service. Raises AssertionError where it is not as described."""
        check(message, chosen=self.chooses)


def check(message: Message, *, chosen: bool = True) -> None:
    """Raises AssertionError for a message that AsyncAPI does not describe; without `chosen` it has to be whole."""
    kind: str = message.get("type") or message.get("op", "")
    alternatives = _messages().get((kind, message["op"]) if kind == "ack" else (kind,))
    assert alternatives, f"no message is described for {message}"
    _check("asyncapi", f"#/components/schemas/{alternatives[-1 if chosen else 0]}", message)


def check_answer(method: str, target: str, status: int, headers: Mapping[str, str], body: str) -> None:
    """Raises AssertionError for an answer over HTTP, or a request that was taken, that OpenAPI does not describe."""
    path, paths = urlsplit(target).path, document("openapi")["paths"]
    described = paths.get(path) or (path.startswith("/docs/") and paths["/docs/{document}"])
    if not described or method not in ("GET", "HEAD"):
        assert status in (404, 405), f"{method} {path} is not described, and answered {status}"
        if body:
            _check("openapi", "#/components/schemas/Refusal", json.loads(body))
        return
    assert str(status) in described["get"]["responses"], f"{path} is answered {status}, which is not described"
    answer = resolved(described["get"]["responses"][str(status)])
    _check_headers(answer, headers)
    _check_body(answer, headers, body)
    if status < 400:
        check_query(described["get"], target)


def check_query(operation: Message, target: str) -> None:
    """Raises AssertionError for a parameter that an operation does not describe so."""
    described = {one["name"]: one for one in map(resolved, operation.get("parameters", ()))}
    for name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
        assert described.get(name, {}).get("in") == "query", f"the parameter {name} is not described in {target}"
        schema = described[name]["schema"]
        _check("openapi", schema, value.split(",") if schema.get("type") == "array" else _typed(schema, value))


def resolved(one: Message) -> Message:
    """What a reference in OpenAPI refers to, or the thing itself."""
    found: Any = document("openapi")
    for step in one["$ref"].removeprefix("#/").split("/") if "$ref" in one else ():
        found = found[step]
    return found if "$ref" in one else one


def schema_names(message: Message) -> list[str]:
    """The schemas that a message of AsyncAPI's components may be of, the strictest first."""
    payload = message["payload"]
    return [one["$ref"].rpartition("/")[2] for one in payload.get("anyOf", [payload])]


@cache
def _messages() -> dict[tuple[str, ...], list[str]]:
    """The schemas of each message, by its type or op, of acks by both."""
    whole = document("asyncapi")["components"]
    found: dict[tuple[str, ...], list[str]] = {}
    for message in whole["messages"].values():
        names = schema_names(message)
        properties = whole["schemas"][names[0]]["properties"]
        found[tuple(properties[key]["const"] for key in ("type", "op") if key in properties)] = names
    return found


def _check(name: Name, schema: str | Message, value: Any) -> None:
    """`schema` is a reference into the description, or stands in it."""
    validator = _validator(name, schema if isinstance(schema, str) else json.dumps(schema))
    if not validator.is_valid(value):  # of thousands a second that tests receive
        error = next(validator.iter_errors(value))
        raise AssertionError(f"not as described, {error.message} at {error.instance_path}: {value}")


@cache
def _validator(name: Name, schema: str) -> Draft202012Validator:
    whole = {"$ref": schema} if schema.startswith("#") else json.loads(schema)
    return Draft202012Validator({**whole, "components": document(name)["components"]})


def _check_headers(answer: Message, headers: Mapping[str, str]) -> None:
    for name, one in answer.get("headers", {}).items():
        header = resolved(one)
        value = next((found for key, found in headers.items() if key.lower() == name.lower()), None)
        assert value is not None or not header.get("required"), f"the header {name} is missing"
        if value is not None:
            _check("openapi", header["schema"], _typed(header["schema"], value))


def _check_body(answer: Message, headers: Mapping[str, str], body: str) -> None:
    if not body:
        return
    media = next(value for key, value in headers.items() if key.lower() == "content-type").partition(";")[0]
    assert media in answer.get("content", {}), f"{media} is not described"
    _check("openapi", answer["content"][media]["schema"], json.loads(body) if media == "application/json" else body)


def _typed(schema: Message, text: str) -> Any:
    """A header's or a parameter's value: text, unless it is to be something else and is JSON."""
    types = resolved(schema).get("type", "string")
    if types == "string":
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def examples() -> list[Any]:
    """All examples that stand in the schemas."""
    whole = [document(name)["components"]["schemas"] for name in NAMES]
    return [example for schemas in whole for schema in schemas.values() for example in schema.get("examples", ())]
