"""The descriptions, each made whole: OpenAPI of what is asked over HTTP, AsyncAPI of the messages on a connection.

They share their schemas, which stand once, in schemas.json. The OpenAPI Specification is at spec.openapis.org, version
3.1; AsyncAPI's at www.asyncapi.com/docs/reference, version 3.0.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

import orjson

from ticker import __version__
from ticker.messages import ALWAYS

Name = Literal["openapi", "asyncapi"]
Document = dict[str, Any]
Schemas = Mapping[str, Document]

NAMES: tuple[Name, ...] = ("openapi", "asyncapi")

_REFERENCE = re.compile(rb'"#/components/schemas/(\w+)"')


@cache
def document(name: Name) -> Document:
    """A description with all the schemas that it needs, and the service's version. Not to be changed."""
    whole = _read(name)
    whole["info"]["version"] = __version__
    schemas = _schemas()
    needed = set(_needed(whole, schemas))
    whole["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name in needed}
    return whole


def text(name: Name) -> bytes:
    """A description as JSON, and as YAML, whose version 1.2 every JSON text is, too."""
    return orjson.dumps(document(name), option=orjson.OPT_INDENT_2)


def resource(name: str) -> bytes:
    """A file beside this one."""
    return resources.files(__package__).joinpath(name).read_bytes()


def _read(name: str) -> Document:
    found: Document = orjson.loads(resource(f"{name}.json"))
    return found


def _schemas() -> Schemas:
    """All schemas by name: behind those of data messages each one's of those who have chosen fields."""
    found: Document = {}
    for name, schema in _read("schemas")["components"]["schemas"].items():
        found[name] = schema
        if "seq" in schema.get("properties", ()):
            found[f"{name}Fields"] = _chosen(schema)
    return found


def _chosen(schema: Document) -> Document:
    """A data message's schema where a subscription has chosen `fields`: the payload's are there if they are chosen."""
    required = [field for field in schema["required"] if field in ALWAYS]
    described = {"description": "What is left of it where the subscription has chosen `fields`."}
    return {**{key: value for key, value in schema.items() if key != "examples"}, **described, "required": required}


def _needed(start: Document, schemas: Schemas) -> Iterator[str]:
    """The names of the schemas that a document refers to, and of those that they refer to."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for found in _REFERENCE.findall(orjson.dumps(ahead.pop())):
            if (name := found.decode()) not in seen:
                seen.add(name)
                ahead.append(schemas[name])
                yield name
