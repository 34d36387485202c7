"""What must hold for the repository as a whole: locks, documents, sizes, and what the image is made from."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

MODULE_LINES = 250
FUNCTION_LINES = 50
MACHINE_PATH = re.compile(r"(?<![\w./:-])/(?:home|Users|root|mnt|work|workspace)/\w")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")


def read(path: str) -> str:
    return (ROOT / path).read_text()


def pins(lock: str) -> dict[str, str]:
    """Version by package of a lock."""
    return dict(PINNED.findall(read(lock)))


def repository_files() -> list[Path]:
    """What git has or would take in; the test needs a checkout."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).is_file()]


def pyproject() -> dict[str, dict[str, object]]:
    return tomllib.loads(read("pyproject.toml"))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))


def anchors(document: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function of a module with its number of lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in repository_files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


@pytest.mark.parametrize("lock", [*LOCKS, "assets/package-lock.json", "tests/node/package-lock.json"])
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in read(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_package(lock: str) -> None:
    entries = re.split(r"^(?=[a-z0-9])", read(lock), flags=re.MULTILINE)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert len(entries) == len(PINNED.findall(read(lock)))


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-build.txt"])
def test_the_locks_agree(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements-dev.txt").items()


def test_what_draws_does_not_change_what_is_tested() -> None:
    tested, drawing = pins("requirements-dev.txt"), pins("requirements-bench.txt")
    assert {name: drawing[name] for name in drawing.keys() & tested} == {
        name: tested[name] for name in drawing.keys() & tested
    }


def test_the_lock_has_every_dependency() -> None:
    dependencies = pyproject()["project"]["dependencies"]
    assert isinstance(dependencies, list)
    names = {match[0] for entry in dependencies if (match := REQUIREMENT.match(entry))}
    assert names - pins("requirements.txt").keys() == set()


def test_the_build_lock_has_what_the_build_asks_for() -> None:
    requires = pyproject()["build-system"]["requires"]
    assert requires == [f"hatchling=={pins('requirements-build.txt')['hatchling']}"]


def test_the_image_says_the_version_it_has() -> None:
    assert f"ARG VERSION={pyproject()['project']['version']}\n" in read("Dockerfile")


def test_the_image_can_be_made_on_another_base() -> None:
    assert read("Dockerfile").startswith("ARG PYTHON_IMAGE=")


def test_the_image_gets_all_that_its_dockerfile_copies() -> None:
    admitted = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    assert {source for copy in copies for source in copy.split()} == admitted


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_documents_links_lead_somewhere(document: str) -> None:
    broken = []
    for link in LINK.findall(read(document)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / path if path else ROOT / document).resolve()
        if not target.is_file() or (anchor and anchor not in anchors(target.relative_to(ROOT).as_posix())):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_documents_make_targets_exist(document: str) -> None:
    assert set(re.findall(r"^make ([a-z]+)", read(document), re.MULTILINE)) - make_targets() == set()


def test_modules_and_functions_stay_short() -> None:
    long = []
    for path in sorted([*ROOT.glob("feeds/**/*.py"), *ROOT.glob("ticker/**/*.py")]):
        source, name = path.read_text(), path.relative_to(ROOT).as_posix()
        if len(source.splitlines()) > MODULE_LINES:
            long.append(name)
        long += [f"{name}: {function}" for function, lines in functions(ast.parse(source)) if lines > FUNCTION_LINES]
    assert long == []


@pytest.mark.parametrize(
    "line", ["see /home/" + "ann/notes", "'/root/" + "x'", "COPY /wo" + "rk/main .", "path=/Users/" + "ann"]
)
def test_a_machine_path_is_found(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("line", ["../shared/wire", "https://host/home/page", "/etc/ticker", "a/work/b", "/src"])
def test_an_ordinary_path_is_none(line: str) -> None:
    assert not MACHINE_PATH.search(line)
