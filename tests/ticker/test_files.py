"""The limit on open files bounds the clients."""

import subprocess
import sys

import pytest

from ticker.files import RESERVED, clients_within


@pytest.mark.parametrize(
    ("wanted", "open_files", "clients"),
    [(10_000, 1_000_000, 10_000), (10_000, 1_024, (1_024 - RESERVED) // 2), (10_000, 50, 1), (1, sys.maxsize, 1)],
)
def test_clients_fit_within_the_limit(wanted: int, open_files: int, clients: int) -> None:
    assert clients_within(wanted, open_files) == clients


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    script = (
        "import resource; from ticker.files import raise_limit\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))\n"
        "assert raise_limit() == (hard if hard != resource.RLIM_INFINITY else __import__('sys').maxsize)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
