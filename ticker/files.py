"""How many files the process may have open: each client is two, aiohttp's and ours to write by."""

import resource
import sys
from contextlib import suppress

RESERVED = 100  # for the feeds' sockets, the listener, the log and the libraries
FILES_A_CLIENT = 2


def raise_limit() -> int:
    """Raise the soft limit on open files to the hard one, where the system lets us; the limit that holds now."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def clients_within(wanted: int, open_files: int) -> int:
    """How many clients fit within a limit on open files, of those wanted; at least one."""
    return max(1, min(wanted, (open_files - RESERVED) // FILES_A_CLIENT))
