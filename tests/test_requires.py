"""What is missing skips a test, or fails it where everything is required."""

import pytest

from tests import requires


def test_a_missing_program_skips_and_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKER_REQUIRE_ALL", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match="promtool is missing: apt-get install prometheus"):
        requires.program("promtool", "prometheus")


def test_a_missing_program_fails_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_REQUIRE_ALL", "1")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="promtool is missing"):
        requires.program("promtool", "prometheus")
