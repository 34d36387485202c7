"""The recipe for adding a feed, followed as it is written: its adapter decodes its samples, its tests pass."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.feeds import frames

RECIPE = (Path(__file__).parents[2] / "docs" / "adding-a-feed.md").read_text()
ADAPTER, TESTS = re.findall(r"^```python\n(.*?)^```", RECIPE, re.MULTILINE | re.DOTALL)
SAMPLES = dict(re.findall(r"^`(\w+)\.json`:\n\n```json\n(.*?)\n```", RECIPE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def tests_of_the_recipe(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the recipe's test module defines, with the recipe's adapter and samples in their places."""
    adapter = ModuleType("feeds.acme")
    monkeypatch.setitem(sys.modules, adapter.__name__, adapter)
    monkeypatch.setattr(frames, "samples", lambda venue: {name: text.encode() for name, text in SAMPLES.items()})
    exec(ADAPTER, vars(adapter))
    tests: dict[str, Any] = {"__name__": "tests.feeds.test_acme"}
    exec(TESTS, tests)
    return tests


def test_the_recipes_tests_pass(tests_of_the_recipe: dict[str, Any]) -> None:
    assert len(SAMPLES) == 4
    for name in tests_of_the_recipe["EXPECTED"]:
        tests_of_the_recipe["test_each_message_becomes_what_it_says"](name)
    for name in (
        "test_each_sample_has_its_expectation",
        "test_a_request_is_what_the_venue_wants",
        "test_any_frame_is_decoded_or_refused",
    ):
        tests_of_the_recipe[name]()


def test_the_recipes_adapter_divides_what_it_asks_for(tests_of_the_recipe: dict[str, Any]) -> None:
    options = tests_of_the_recipe["AcmeOptions"]
    adapter = tests_of_the_recipe["Acme"](
        options(name="acme", adapter="acme", symbols=tuple(f"A{n}-USD" for n in range(201)))
    )
    assert [len(link.subscriptions) for link in adapter.links()] == [8, 2]
