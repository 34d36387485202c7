"""The command line: what it passes on, what it says, and with which exit code it ends."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from feeds.errors import FeedError
from tests.requires import ROOT
from ticker import __version__, cli, logs
from ticker.errors import ServeError
from ticker.settings import Settings

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FEED = '[[feeds]]\nname = "sim"\nadapter = "simulated"\nsymbols = 3\n'

Served = list[Settings]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICKER_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """The settings that were served with; nothing is, in fact."""
    found: Served = []

    def run(settings: Settings) -> int:
        found.append(settings)
        return 0

    monkeypatch.setattr("ticker.serving.run", run)
    monkeypatch.setattr(logs, "set_up", lambda *_: None)
    return found


def invoke(*arguments: str, code: int = 0) -> str:
    """What the command prints to stdout."""
    result = CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "100"}, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return COLOURS.sub("", result.output)


def failing(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    """What the command says on stderr when it fails, with nothing on stdout."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == code
    output = capsys.readouterr()
    assert output.out == ""
    return COLOURS.sub("", output.err)


def in_file(directory: Path, text: str) -> str:
    path = directory / "ticker.toml"
    path.write_text(text)
    return str(path)


def test_serve_without_options_runs_the_demo(served: Served) -> None:
    invoke("serve")
    assert served == [Settings()]
    assert served[0].demo


def test_options_go_over_the_file(served: Served, tmp_path: Path) -> None:
    text = FEED + '[server]\nhost = "::"\nport = 1\n[logging]\nlevel = "error"\nformat = "json"\n'
    invoke("serve", "--config", in_file(tmp_path, text), "--port", "9000", "--log-level", "debug")
    (settings,) = served
    assert (settings.server.host, settings.server.port) == ("::", 9000)
    assert (settings.logging.level, settings.logging.format) == ("debug", "json")
    assert [feed.name for feed in settings.feeds] == ["sim"]


def test_options_go_over_the_environment(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SERVER__PORT", "9001")
    monkeypatch.setenv("TICKER_SERVER__HOST", "::1")
    invoke("serve", "--port", "9000", "--log-format", "console", "--host", "127.0.0.2")
    (settings,) = served
    assert (settings.server.host, settings.server.port) == ("127.0.0.2", 9000)
    assert settings.logging.format == "console"


def stanzas(settings: Settings) -> list[tuple[str, str, object]]:
    return [(feed.name, feed.adapter, feed.symbols) for feed in settings.feeds]


def test_a_feed_needs_no_file(served: Served) -> None:
    invoke("serve", "--feed", "coinbase:BTC-USD,ETH-USD", "--feed", "binance:BTC-USDT")
    assert stanzas(served[0]) == [
        ("coinbase", "coinbase", ("BTC-USD", "ETH-USD")),
        ("binance", "binance", ("BTC-USDT",)),
    ]


def test_a_venue_named_twice_is_one_feed(served: Served) -> None:
    invoke("serve", "--feed", "kraken:BTC-USD, ETH-USD", "--feed", "kraken:SOL-USD,BTC-USD")
    assert stanzas(served[0]) == [("kraken", "kraken", ("BTC-USD", "ETH-USD", "SOL-USD"))]


def test_feeds_take_the_place_of_the_files(served: Served, tmp_path: Path) -> None:
    invoke("serve", "--config", in_file(tmp_path, FEED), "--feed", "coinbase:BTC-USD")
    assert [feed.name for feed in served[0].feeds] == ["coinbase"]


def test_feeds_of_another_form_are_told_the_form(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["coinbase", "coinbase:", ":BTC-USD", ""]
    said = failing(capsys, "serve", *(f"--feed={feed}" for feed in wrong), code=2)
    allowed = "allowed: NAME:SYM,SYM, like coinbase:BTC-USD,ETH-USD"
    assert said.splitlines() == [f'command line: --feed: found "{feed}"; {allowed}' for feed in wrong]


def test_serve_tells_all_wrong_settings(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SERVER__HOST", "")
    said = failing(capsys, "serve", "--port", "99999", "--log-level", "loud", "--feed", "coinbse:BTC-USD", code=2)
    assert said.splitlines() == [
        'environment: TICKER_SERVER__HOST: found ""; allowed: a string that is not empty',
        'command line: server.port: found "99999"; allowed: a whole number from 1 to 65535',
        'command line: logging.level: found "loud"; allowed: one of debug, info, warning, error',
        'command line: feeds[0].adapter: found "coinbse"; allowed: one of binance, coinbase, kraken, replay, simulated',
    ]


@pytest.mark.parametrize("error", [ServeError("the port is taken"), FeedError("the capture is missing")])
def test_a_service_that_cannot_start_says_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, served: Served, error: Exception
) -> None:
    def run(settings: Settings) -> int:
        raise error

    monkeypatch.setattr("ticker.serving.run", run)
    assert failing(capsys, "serve", code=1) == f"{error}\n"


def test_the_exit_code_is_the_services(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticker.serving.run", lambda settings: 3)
    invoke("serve", code=3)


def test_logs_are_set_up_as_the_settings_say(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, str]] = []
    monkeypatch.setattr(logs, "set_up", lambda *how: calls.append(how))
    invoke("serve", "--log-level", "warning", "--log-format", "json")
    assert calls == [("warning", "json")]


def test_check_config_prints_the_settings_in_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SERVER__PORT", "9000")
    url = 'url = "wss://me:secret@venue.test/?token=secret"\n'
    text = '[[feeds]]\nname = "kraken"\nadapter = "kraken"\nsymbols = ["BTC-USD"]\n' + url
    printed = invoke("check-config", in_file(tmp_path, text))
    assert "\nport = 9000\n" in printed
    assert '\nurl = "wss://***@venue.test/?token=***"\n' in printed
    assert "secret" not in printed


def test_check_config_tells_all_that_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = in_file(tmp_path, FEED + "[server]\nport = 0\nprot = 1\n")
    assert failing(capsys, "check-config", path, code=2).splitlines() == [
        f"{path}: server.port: found 0; allowed: a whole number from 1 to 65535",
        f"{path}: server.prot: found an unknown key; did you mean server.port? allowed: host, port, origins",
    ]


def test_check_config_tells_a_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert failing(capsys, "check-config", str(tmp_path / "no.toml"), code=2) == f"{tmp_path}/no.toml: no such file\n"


def test_the_version_is_the_packages() -> None:
    assert invoke("--version") == f"ticker {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), ["serve", "check-config", "--version"]),
        (("serve",), ["--config", "--feed", "--host", "--port", "--log-level", "--log-format", "NAME:SYM,SYM"]),
        (("check-config",), ["FILE"]),
    ],
)
def test_help_names_everything_and_gives_examples(arguments: tuple[str, ...], named: list[str]) -> None:
    text = invoke(*arguments, "--help")
    assert [name for name in [*named, "Examples:"] if name not in text] == []


def test_help_shows_the_defaults() -> None:
    text = invoke("serve", "--help")
    assert [value for value in ["127.0.0.1", "8080", "info", "auto"] if f"[default: ({value})]" not in text] == []


EXAMPLES = [
    line.strip() for text in (cli.SERVE_EXAMPLES, cli.CHECK_EXAMPLES) for line in text.splitlines() if "ticker " in line
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_help_work(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, example: str
) -> None:
    words = shlex.split(example)
    command = words.index("ticker")
    for variable in words[:command]:
        monkeypatch.setenv(*variable.split("=", 1))
    monkeypatch.chdir(tmp_path)
    in_file(tmp_path, FEED)
    invoke(*words[command + 1 :])


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ticker", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )


def test_the_module_runs() -> None:
    result = run_module("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"ticker {__version__}\n", "")


def test_the_modules_help_comes_without_the_service() -> None:
    program = (
        "import sys; from ticker.cli import main\n"
        "try: main(['--help'])\n"
        "finally: assert 'ticker.app' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert result.returncode == 0, result.stderr
    assert "check-config" in result.stdout


def test_the_module_ends_with_2_and_keeps_stdout_clean() -> None:
    result = run_module("check-config", "no-such-file.toml")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "no-such-file.toml: no such file\n"
