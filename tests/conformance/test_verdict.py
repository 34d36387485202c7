"""Reports of the Autobahn testsuite: one that is as it should be, and what can be wrong with one."""

from typing import Any

import pytest

from tests.conformance.verdict import CASES, EXCEPTIONS, judge

Results = dict[str, dict[str, Any]]
FIRST = "1.1.0"


def case(behaviour: str, closing: str = "OK") -> dict[str, Any]:
    return {"behavior": behaviour, "behaviorClose": closing, "reportfile": "case.json"}


@pytest.fixture
def results() -> Results:
    """Every case passed but those that are known not to."""
    passed = {f"1.1.{number}": case("OK") for number in range(CASES - len(EXCEPTIONS))}
    return passed | {name: case("FAILED") for name in EXCEPTIONS}


def test_all_but_the_exceptions_pass(results: Results) -> None:
    verdict = judge({"ticker": results})
    assert verdict.wrong == []
    assert verdict.counts == {"OK": CASES - len(EXCEPTIONS), "FAILED": len(EXCEPTIONS)}


@pytest.mark.parametrize("behaviour", ["NON-STRICT", "INFORMATIONAL"])
def test_what_is_within_the_rfc_passes(results: Results, behaviour: str) -> None:
    results[FIRST] = case(behaviour, "INFORMATIONAL")
    assert judge({"ticker": results}).wrong == []


@pytest.mark.parametrize(
    "found", [case("FAILED"), case("OK", "FAILED"), case("OK", "WRONG CODE"), case("UNIMPLEMENTED"), case("SOMETHING")]
)
def test_a_case_that_fails_is_named_with_its_report(results: Results, found: dict[str, Any]) -> None:
    results[FIRST] = found
    [line] = judge({"ticker": results}).wrong
    assert FIRST in line
    assert "case.json" in line


def test_a_run_that_broke_off_is_no_pass(results: Results) -> None:
    del results[FIRST]
    assert judge({"ticker": results}).wrong == [f"{CASES - 1} cases were run, not {CASES}"]


def test_an_exception_that_passes_is_to_be_struck_off(results: Results) -> None:
    name = next(iter(EXCEPTIONS))
    results[name] = case("OK")
    [line] = judge({"ticker": results}).wrong
    assert line.startswith(f"case {name} passes")
