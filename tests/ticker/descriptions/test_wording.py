"""Schemas in words."""

from typing import Any

import pytest

from ticker.descriptions.wording import example, fields, inline, kind, prose


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#/components/schemas/Quote"}, '<a href="#Quote">Quote</a>'),
        ({"type": "string"}, "string"),
        ({"type": ["boolean", "integer", "null"], "minimum": 0}, "boolean or integer or null"),
        ({"type": "number", "minimum": 0, "maximum": 30}, "number from 0 to 30"),
        ({"type": ["number", "null"], "exclusiveMinimum": 0}, "number above 0 or null"),
        ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "integer"),
        ({"const": True}, "<code>true</code>"),
        ({"enum": ["buy", "<sell>", None]}, "<code>buy</code> or <code>&lt;sell&gt;</code> or <code>null</code>"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "<code>a</code> or <code>b</code>"),
        ({"allOf": [{"type": "string"}, {"pattern": "a"}]}, "string"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "integer by name"),
        ({}, "anything"),
    ],
)
def test_what_a_value_may_be(schema: dict[str, Any], said: str) -> None:
    assert kind(schema) == said


def test_an_objects_fields_in_their_order() -> None:
    schema = {"properties": {"b": {"type": "null", "description": "`b` < 1"}, "a": {}}, "required": ["a"]}
    assert [tuple(field) for field in fields(schema)] == [
        ("b", "null", "<code>b</code> &lt; 1", False),
        ("a", "anything", "", True),
    ]


def test_prose_has_paragraphs_and_code() -> None:
    assert prose("a `b`\n\n<c>") == "<p>a <code>b</code></p><p>&lt;c&gt;</p>"
    assert inline("no code") == "no code"


def test_an_example_has_short_lists_on_one_line() -> None:
    assert example({"a": [1, 2], "b": {"c": "<"}}) == (
        "{\n  <b>&quot;a&quot;</b>: [1, 2],\n  <b>&quot;b&quot;</b>: {&quot;c&quot;: &quot;&lt;&quot;}\n}"
    )
    assert "\n" in example({"a": ["long" * 20, "longer" * 20]}).split("a&quot;")[1]
