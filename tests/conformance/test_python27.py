"""Where a Python 2.7 is looked for, and what is none."""

import sys
from pathlib import Path

from tests.conformance.python27 import candidates, works


def program(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_what_is_said_is_taken_and_nothing_else(tmp_path: Path) -> None:
    program(tmp_path / "python2.7")
    assert list(candidates({"PYTHON27": "other", "PATH": str(tmp_path)})) == ["other"]


def test_the_path_comes_first_and_then_pyenvs_newest(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin" / "python2.7")
    older, newer = (program(tmp_path / f".pyenv/versions/{v}/bin/python2.7") for v in ("2.7.17", "2.7.18"))
    program(tmp_path / ".pyenv/versions/3.11.7/bin/python3.11")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert list(candidates(environment)) == [on_path, newer, older]
    assert list(candidates({"PATH": "", "HOME": "/nowhere", "PYENV_ROOT": str(tmp_path / ".pyenv")})) == [newer, older]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert list(candidates({"HOME": str(tmp_path)})) == []


def test_another_version_a_shim_and_nothing_are_none(tmp_path: Path) -> None:
    shim = program(tmp_path / "python2.7", "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    assert not any(map(works, (sys.executable, shim, str(tmp_path / "missing"))))
    assert works(program(tmp_path / "good"))
