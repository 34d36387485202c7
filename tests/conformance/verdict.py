"""What the Autobahn testsuite's report says of a server: decided from its index.json."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

CASES = 301  # of the groups that are run; fewer means that the run broke off
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}

# Cases that are known to fail, with the reason.
EXCEPTIONS = {
    "7.9.5": "a close frame with 1006, which no peer may send, is answered in kind: aiohttp takes it for a valid code"
}


class Verdict(Struct, frozen=True):
    """What was found: cases by behaviour, and a line for each thing that is wrong."""

    counts: Mapping[str, int]
    wrong: list[str]


def judge(index: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Verdict:
    """The verdict on the only server in a report. An exception that is none any more is wrong, too."""
    [results] = index.values()
    wrong = [] if len(results) == CASES else [f"{len(results)} cases were run, not {CASES}"]
    for case, result in results.items():
        found = result["behavior"], result["behaviorClose"]
        passed = PASSED.issuperset(found)
        if not passed and case not in EXCEPTIONS:
            wrong.append(f"case {case}: {found[0]}, closing {found[1]}; see {result['reportfile']}")
        elif passed and case in EXCEPTIONS:
            wrong.append(f"case {case} passes: it needs no exception in tests/conformance/verdict.py")
    return Verdict(Counter(result["behavior"] for result in results.values()), wrong)
