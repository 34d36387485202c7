"""`ticker watch` as it is called: its options, its help, and what it says when it cannot go on."""

import shlex
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from ticker import cli
from ticker.client import SubscribeError
from ticker.sections import Server
from ticker.watch import command
from ticker.watch.command import LOCAL

EXAMPLES = [line.strip() for line in command.EXAMPLES.splitlines() if "ticker " in line]

Watched = list[tuple[str, Sequence[str], str | None]]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """What was to be watched; nothing is, in fact."""
    monkeypatch.delenv("TICKER_TOKEN", raising=False)
    found: Watched = []
    monkeypatch.setattr("ticker.watch.run.run", lambda *arguments: found.append(arguments))
    return found


def invoke(*arguments: str, **environment: str) -> str:
    environment["COLUMNS"] = "120"
    result = CliRunner().invoke(cli.app, ["watch", *arguments], env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_without_arguments_every_symbol_of_the_local_service_is_watched(watched: Watched) -> None:
    invoke()
    assert watched == [(LOCAL, ["*"], None)]


def test_the_local_service_is_where_it_listens_by_itself() -> None:
    assert f"ws://{Server().host}:{Server().port}/v1/ws" == LOCAL


def test_symbols_and_service_can_be_named(watched: Watched) -> None:
    invoke("coinbase:*", "demo:AAPL", "--url", "wss://prices.example.com/v1/ws", "--token", "secret")
    assert watched == [("wss://prices.example.com/v1/ws", ["coinbase:*", "demo:AAPL"], "secret")]


def test_a_token_in_the_environment_is_used_and_never_shown(watched: Watched) -> None:
    assert "secret" not in invoke("--help", TICKER_TOKEN="secret")
    assert "secret" not in invoke("*", TICKER_TOKEN="secret")
    assert watched == [(LOCAL, ["*"], "secret")]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_help_work(watched: Watched, example: str) -> None:
    words = shlex.split(example)
    invoke(*words[words.index("watch") + 1 :])
    assert len(watched) == 1


def test_the_help_tells_the_defaults(watched: Watched) -> None:
    text = invoke("--help")
    assert [told for told in (f"[default: {LOCAL}]", "every symbol", "TICKER_TOKEN") if told not in text] == []


def test_what_ends_it_is_told_in_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise SubscribeError(404, "demo:NOPE: no such symbol")

    monkeypatch.setattr("ticker.watch.run.run", run)
    with pytest.raises(SystemExit) as ended:
        cli.main(["watch", "demo:NOPE"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "demo:NOPE: no such symbol (404)\n"
