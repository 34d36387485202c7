"""What is allowed at a place of a schema, in words, and which place an error's location means."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from ticker.schema import Schema


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(default=9, ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: tuple[str, ...] | int = ()


class House(BaseModel):
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...]
    oldest: Cat | None = Field(default=None, examples=[{"kind": "cat"}])
    rooms: dict[str, Annotated[float, Field(gt=0)]] = {}
    beds: int = Field(default=1, ge=0)
    warmth: float = Field(default=20, gt=0, lt=30)
    chairs: int = Field(default=4, le=8)
    open: bool = False
    colour: Literal["red", "blue"] | None = None
    street: str = Field(default="Elm", min_length=1)
    code: str = Field(default="a1", pattern="^[a-z][0-9]$")
    zone: str = Field(default="a", pattern="^[a-d]$", json_schema_extra={"allowed": "a letter from a to d"})
    note: str = ""


def house() -> Schema:
    schema = House.model_json_schema()
    return Schema(schema, schema["$defs"])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("pets", "a list, each item a table whose kind is one of cat, dog"),
        ("oldest", "a table with the keys kind, lives"),
        ("rooms", "a table, each value a number above 0"),
        ("beds", "a whole number of at least 0"),
        ("warmth", "a number above 0 below 30"),
        ("chairs", "a whole number of at most 8"),
        ("open", "true or false"),
        ("colour", "one of red, blue"),
        ("street", "a string that is not empty"),
        ("code", "a string of the form ^[a-z][0-9]$"),
        ("zone", "a letter from a to d"),
        ("note", "a string"),
    ],
)
def test_what_is_allowed_is_said_in_words(key: str, words: str) -> None:
    _, place = house().locate((key,))
    assert place.allowed() == words


@pytest.mark.parametrize(
    ("location", "path", "words"),
    [
        (("pets", 1, "cat", "lives"), ("pets", 1, "lives"), "a whole number from 1 to 9"),
        (("pets", 0, "dog", "tricks", "tuple[str, ...]", 2), ("pets", 0, "tricks"), "a list, each item a string, or "),
        (("rooms", "hall", "[key]"), ("rooms", "hall"), "a number above 0"),
        (("garden",), (), "a table with the keys pets, "),
    ],
)
def test_an_error_is_located_without_pydantics_marks(
    location: tuple[str | int, ...], path: tuple[str | int, ...], words: str
) -> None:
    found, place = house().locate(location)
    assert found == path
    assert place.allowed().startswith(words)


def test_the_paths_are_those_of_tables_and_not_of_lists() -> None:
    paths = set(house().paths())
    assert {("pets",), ("beds",), ("rooms",)} <= paths
    assert ("pets", "lives") not in paths


def test_an_example_is_the_schemas_first() -> None:
    assert house().locate(("oldest",))[1].example == {"kind": "cat"}
    assert house().locate(("beds",))[1].example is None
