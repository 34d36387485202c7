"""When to come back: docs/protocol.md's table of close codes, and backoff."""

import re

import pytest

from tests.requires import ROOT
from ticker.client import AddressError, AuthError, ProtocolError
from ticker.client.retries import Retries, said


def longest() -> Retries:
    """One that waits as long as backoff may."""
    return Retries(uniform=lambda: 1.0)


def test_backoff_goes_from_half_a_second_to_thirty() -> None:
    retries = longest()
    waits = [retries.wait_s(1006, "", proven=False) for _ in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_jitter_is_full() -> None:
    assert Retries(uniform=lambda: 0.0).wait_s(1006, "", proven=False) == 0
    assert 0 <= Retries().wait_s(1006, "", proven=False) <= 0.5


def test_backoff_starts_anew_after_data_and_not_before() -> None:
    retries = longest()
    for _ in range(9):
        retries.wait_s(None, "", proven=False)
    assert retries.wait_s(1006, "", proven=True) == 0.5
    assert retries.wait_s(1006, "", proven=False) == 1


@pytest.mark.parametrize("code", [None, 1000, 1005, 1006, 1008, 1011, 4000])
def test_what_says_nothing_else_is_met_with_backoff(code: int | None) -> None:
    assert longest().wait_s(code, "", proven=False) == 0.5


@pytest.mark.parametrize("code", [1001, 1012, 1013])
def test_who_is_sent_away_is_back_after_the_time_that_was_said(code: int) -> None:
    assert longest().wait_s(code, "retry_after_ms=2750", proven=False) == 2.75
    assert longest().wait_s(code, "bye", proven=False) == 0.5


@pytest.mark.parametrize("code", [4008, 4009])
def test_who_was_too_slow_is_back_at_once_but_not_in_a_loop(code: int) -> None:
    assert longest().wait_s(code, "", proven=True) == 0
    assert longest().wait_s(code, "", proven=False) == 0.5


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1009])
def test_a_bug_is_not_repeated(code: int) -> None:
    with pytest.raises(ProtocolError, match=f"code {code}: why"):
        longest().wait_s(code, "why", proven=True)


@pytest.mark.parametrize("code", [4401, 4403])
def test_only_another_token_helps(code: int) -> None:
    with pytest.raises(AuthError, match=r"expired.*another token"):
        longest().wait_s(code, "expired", proven=True)


def test_abuse_waits_a_minute() -> None:
    assert longest().wait_s(4429, "", proven=True) == 60


def test_every_code_of_the_protocol_is_one_of_these() -> None:
    document = (ROOT / "docs" / "protocol.md").read_text()
    section = document[document.index("### Close codes") : document.index("### A good client")]
    codes = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in row.split(",")}
    assert len(codes) >= 14
    for code in codes:
        try:
            assert longest().wait_s(code, "retry_after_ms=100", proven=True) <= 60
        except (ProtocolError, AuthError):
            assert code in (1002, 1003, 1007, 1009, 4401, 4403)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_gateway_without_its_service_is_tried_again(status: int) -> None:
    assert longest().refused_s(status, welcomed=False) == 0.5


@pytest.mark.parametrize("status", [200, 301, 400, 404, 426])
def test_an_address_without_a_ticker_is_told_unless_there_was_one(status: int) -> None:
    with pytest.raises(AddressError, match=f"HTTP {status}.*/v1/ws"):
        longest().refused_s(status, welcomed=False)
    assert longest().refused_s(status, welcomed=True) == 0.5


@pytest.mark.parametrize("status", [401, 403])
def test_a_door_that_is_shut_is_told(status: int) -> None:
    with pytest.raises(AuthError):
        longest().refused_s(status, welcomed=True)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (None, "cannot connect: Connection refused", "cannot connect: Connection refused"),
        (1006, "", "the connection was cut"),
        (1012, "retry_after_ms=100", "the service restarts"),
        (1011, "see the log", "the service failed: see the log"),
        (4321, "", "closed with code 4321"),
    ],
)
def test_an_end_is_said_in_words(code: int | None, reason: str, words: str) -> None:
    assert said(code, reason) == words
