"""The settings' JSON schema, read for people: where an error is, and what is allowed there, in plain words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ticker.rendering import KeyPath, toml_value


def one_of(values: Iterable[object]) -> str:
    """`one of a, b, c`."""
    return f"one of {', '.join(map(str, values))}"


@dataclass(frozen=True, slots=True)
class Schema:
    """A place in a JSON schema as pydantic makes them. `definitions` are what its references refer to."""

    node: Mapping[str, Any]
    definitions: Mapping[str, Any]

    def locate(self, location: KeyPath) -> tuple[KeyPath, "Schema"]:
        """Where an error is: the keys and indices that the schema knows, and the place they lead to.

        Left out are pydantic's own marks in the location, such as which member of a union it tried.
        """
        if location and location[0] in self.members:
            return self._at({"$ref": self.members[str(location[0])]}).locate(location[1:])
        if not location or (inner := self._inner(location[0])) is None:
            return (), self
        path, place = self._at(inner).locate(location[1:])
        return (location[0], *path), place

    @property
    def keys(self) -> Mapping[str, Any]:
        """The keys of a table, and the schema of each one's value."""
        keys: Mapping[str, Any] = self.node.get("properties", {})
        return keys

    @property
    def members(self) -> Mapping[str, str]:
        """The kinds of table that may stand here, by the word that tells them apart."""
        members: Mapping[str, str] = self.node.get("discriminator", {}).get("mapping", {})
        return members

    @property
    def discriminator(self) -> str:
        """The key whose value tells the members apart."""
        return str(self.node["discriminator"]["propertyName"])

    @property
    def example(self) -> object:
        """A good value, None where the schema gives none."""
        return next(iter(self.node.get("examples", ())), None)

    @property
    def is_compound(self) -> bool:
        """Whether a table or a list stands here."""
        return self.node.get("type") in {"object", "array"}

    def paths(self) -> Iterator[KeyPath]:
        """All keys from here down, without those of tables in lists."""
        for key, node in self.keys.items():
            yield (key,)
            yield from ((key, *path) for path in self._at(node).paths())

    def allowed(self) -> str:
        """What may stand here. A field's own words (`allowed` in its json_schema_extra) go first."""
        node = self.node
        if "allowed" in node:
            return str(node["allowed"])
        if self.members:
            return f"a table whose {self.discriminator} is {one_of(self.members)}"
        if choices := node.get("anyOf") or node.get("oneOf"):
            return ", or ".join(self._at(choice).allowed() for choice in choices if choice != {"type": "null"})
        if "enum" in node:
            return one_of(node["enum"])
        return self._of_type(node["type"])

    def _of_type(self, kind: str) -> str:
        match kind:
            case "integer":
                return "a whole number" + self._bounds()
            case "number":
                return "a number" + self._bounds()
            case "boolean":
                return "true or false"
            case "array":
                some = " that is not empty" if self.node.get("minItems") else ""
                return f"a list{some}, each item {self._at(self.node['items']).allowed()}"
            case "object" if self.keys:
                return f"a table with the keys {', '.join(self.keys)}"
            case "object":
                return f"a table, each value {self._at(self.node['additionalProperties']).allowed()}"
            case _:
                return self._text()

    def _bounds(self) -> str:
        node = {name: toml_value(bound) for name, bound in self.node.items()}
        if "minimum" in node and "maximum" in node:
            return f" from {node['minimum']} to {node['maximum']}"
        words = {
            "minimum": "of at least",
            "exclusiveMinimum": "above",
            "maximum": "of at most",
            "exclusiveMaximum": "below",
        }
        return "".join(f" {word} {node[name]}" for name, word in words.items() if name in node)

    def _text(self) -> str:
        if "pattern" in self.node:
            return f"a string of the form {self.node['pattern']}"
        return "a string that is not empty" if self.node.get("minLength") else "a string"

    def _inner(self, part: str | int) -> Mapping[str, Any] | None:
        if isinstance(part, int):
            return self.node.get("items")
        return self.keys.get(part) or self.node.get("additionalProperties") or None

    def _at(self, node: Mapping[str, Any]) -> "Schema":
        reference = node.get("$ref", "").removeprefix("#/$defs/")
        return Schema({**self.definitions.get(reference, {}), **node}, self.definitions)
