"""`ticker bench` as it is called: its options, its help, and what it says when it cannot measure."""

import shlex
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.requires import ROOT
from tests.ticker.bench.samples import FOUND, SETTING
from ticker import cli
from ticker.bench.errors import BenchError
from ticker.bench.figures import Figures, figures
from ticker.bench.messages import Address
from ticker.bench.plan import PER_CLIENT, RATE, SYMBOLS, Plan, Simulation

EXAMPLES = [line.strip() for line in cli.BENCH_EXAMPLES.splitlines() if "ticker " in line]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """What was to be measured; nothing is, in fact."""
    found: list[Plan] = []

    def run(plan: Plan, _: Any) -> Figures:
        found.append(plan)
        return figures(SETTING, FOUND)

    monkeypatch.setattr("ticker.bench.run.run", run)
    return found


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, ["bench", *arguments], env={"COLUMNS": "120"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_options_make_the_plan(plans: list[Plan]) -> None:
    invoke(*shlex.split("--clients 9 --slow 2 --per-client 3 --symbols 4 --rate 5.5 --seconds 6.5 --generators 7"))
    assert plans == [Plan(9, 2, 3, 6.5, 7, Simulation(4, 5.5))]


def test_a_running_service_can_be_named(plans: list[Plan]) -> None:
    invoke("--url", "ws://127.0.0.1:9/v1/ws")
    assert plans[0].target == Address("127.0.0.1", 9)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_help_work(plans: list[Plan], example: str) -> None:
    invoke(*shlex.split(example)[2:])
    assert len(plans) == 1


def test_the_help_tells_the_defaults(plans: list[Plan]) -> None:
    text = invoke("--help")
    told = [PER_CLIENT, SYMBOLS, f"{RATE:g}"]
    assert [value for value in told if f"[default: ({value})]" not in text] == []


def test_what_cannot_be_measured_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(plan: Plan, _: Any) -> Figures:
        raise BenchError("nothing listens there")

    monkeypatch.setattr("ticker.bench.run.run", run)
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench"])
    assert caught.value.code == 1
    assert capsys.readouterr() == ("", "nothing listens there\n")


def test_another_machine_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "--url", "ws://192.0.2.1:8080/v1/ws"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        'command line: --url: found "ws://192.0.2.1:8080/v1/ws"; '
        "allowed: a service on this machine, like ws://127.0.0.1:8080/v1/ws\n"
    )


def test_the_other_commands_come_without_it() -> None:
    program = (
        "import sys; from ticker.cli import main\n"
        "try: main(['--help'])\n"
        "finally: assert not [name for name in sys.modules if name.startswith('ticker.bench')]"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert result.returncode == 0, result.stderr
