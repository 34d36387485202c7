"""The descriptions as such: sound by their own specifications, whole, and true to what the code knows."""

import json
import re
from typing import Any, get_args

import pytest
from jsonschema_rs import Draft202012Validator, meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from feeds.market import Interval, Kind, Side
from tests.described import check, schema_names
from ticker import __version__
from ticker.bus import CHANNELS, Reason, State
from ticker.descriptions.documents import NAMES, Document, Name, document, text
from ticker.fields import KINDS
from ticker.messages import ALWAYS
from ticker.readiness import Readiness
from ticker.requests import FIELDS

SCHEMAS: Document = document("openapi")["components"]["schemas"] | document("asyncapi")["components"]["schemas"]
MESSAGES: Document = document("asyncapi")["components"]["messages"]
MARKS = {"epoch", "snapshot"}


def references(value: Any) -> set[str]:
    """All that a document refers to."""
    return set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(value)))


def found(whole: Document, reference: str) -> Any:
    """What a reference leads to. Raises KeyError where it leads nowhere."""
    for step in reference.removeprefix("#/").split("/"):
        whole = whole[step]
    return whole


def values(schema: Document) -> set[object]:
    """The values that a schema has a choice of, null left out."""
    return set(schema.get("enum", [one["const"] for one in schema.get("oneOf", ())])) - {None}


def test_openapi_is_valid() -> None:
    OpenAPIV31SpecValidator(document("openapi")).validate()


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(name: Name) -> None:
    for reference in references(document(name)):
        assert found(document(name), reference)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_services_version_and_no_schema_that_it_does_not_need(name: Name) -> None:
    whole = json.loads(text(name))
    assert whole == document(name)
    assert whole["info"]["version"] == __version__
    used = {reference.rpartition("/")[2] for reference in references(whole)}
    assert set(whole["components"]["schemas"]) <= used


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_in_both_drafts(name: str) -> None:
    for draft in ("https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"):
        meta.validate({"$schema": draft, **SCHEMAS[name]})


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "properties" in schema])
def test_an_object_has_no_other_members(name: str) -> None:
    assert SCHEMAS[name]["additionalProperties"] is False
    assert set(SCHEMAS[name].get("required", ())) <= set(SCHEMAS[name]["properties"])


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "examples" in schema])
def test_the_examples_are_valid(name: str) -> None:
    validator = Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}},
    )
    for example in SCHEMAS[name]["examples"]:
        validator.validate(example)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_an_example(name: str) -> None:
    [example, *_] = SCHEMAS[schema_names(MESSAGES[name])[0]]["examples"]
    check(example, chosen=False)


def test_the_messages_on_a_connection_are_those_described() -> None:
    channels = document("asyncapi")["channels"]
    assert list(channels["websocket"]["messages"]) == list(MESSAGES)
    assert channels["events"]["messages"].items() <= channels["websocket"]["messages"].items()
    told = [one for operation in document("asyncapi")["operations"].values() for one in operation.get("messages", ())]
    told += [o for one in document("asyncapi")["operations"].values() for o in one.get("reply", {}).get("messages", ())]
    assert {one["$ref"].rpartition("/")[2] for one in told} == set(MESSAGES)


@pytest.mark.parametrize(("channel", "kind"), KINDS.items())
def test_a_data_message_has_the_fields_that_the_service_sends(channel: str, kind: Any) -> None:
    tag = kind.__struct_config__.tag
    whole, chosen = (SCHEMAS[name] for name in schema_names(MESSAGES[tag]))
    assert set(whole["required"]) == {"type", *kind.__struct_fields__}
    assert set(whole["properties"]) == {"type", *kind.__struct_fields__} | MARKS
    assert set(chosen["required"]) == set(whole["required"]) & set(ALWAYS)
    assert chosen["properties"] == whole["properties"]


@pytest.mark.parametrize(("op", "fields"), FIELDS.items())
def test_a_request_has_the_fields_that_the_service_knows(op: str, fields: tuple[str, ...]) -> None:
    assert set(SCHEMAS[op.capitalize()]["properties"]) == {"op", "id", *fields}


@pytest.mark.parametrize(
    ("schema", "known"),
    [
        (SCHEMAS["Channel"], CHANNELS),
        (SCHEMAS["Interval"], get_args(Interval)),
        (SCHEMAS["IntervalOrNull"], get_args(Interval)),
        (SCHEMAS["State"], get_args(State)),
        (SCHEMAS["Status"]["properties"]["reason"], get_args(Reason)),
        (SCHEMAS["Trade"]["properties"]["side"], get_args(Side)),
        (SCHEMAS["DirectoryEntry"]["properties"]["kind"], get_args(Kind)),
        (SCHEMAS["StatusReport"]["properties"]["state"], get_args(Readiness.__annotations__["state"])),
    ],
)
def test_a_choice_is_the_codes(schema: Document, known: tuple[str, ...]) -> None:
    assert values(schema) == set(known)
