"""What Linux says of a process, from /proc."""

import os
from pathlib import Path


def resident_bytes(pid: int) -> int:
    """The memory that it has in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    """How many files and sockets it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # the number of names is all that is wanted


def cpu_seconds(pid: int) -> float:
    """The processor time that it has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # behind its name, which may have blanks
    user, system = map(int, fields[11:13])  # proc_pid_stat(5): fields 14 and 15
    return (user + system) / os.sysconf("SC_CLK_TCK")
