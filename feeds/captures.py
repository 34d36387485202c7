"""Recorded captures of venues' sockets, read one frame at a time.

Two formats, told apart by the first line, each plain or gzip, told apart by the first bytes:

- lines: `wss://host/path <-> 1633998511.9` when connected, `wss://host/path <- 1633998511.9: {…}` for what was sent,
  `1633998512.06: {…}` for what was received, and blank lines.
- objects: JSON, one a line, with `t` (header, http, connect, send or recv), `conn`, `ts` and, as a string, `data`.

Times are seconds since 1970.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from feeds.errors import CaptureError

GZIP_MAGIC = b"\x1f\x8b"
# Twice the frames that a live feed takes by default (VenueOptions.frame_limit_bytes), for the escapes in JSON strings.
LINE_LIMIT = 32 * 2**20
EXPECTED = "expected a capture's first line: 'wss://… <-> <seconds>', or a JSON object with t, conn, ts and data"

_CONNECTED = re.compile(rb"(wss?://\S+) <-> \d+(?:\.\d+)?\s*")
_SENT = re.compile(rb"wss?://\S+ <- \d+(?:\.\d+)?: .*", re.DOTALL)
_RECEIVED = re.compile(rb"(\d+(?:\.\d+)?): (.*)", re.DOTALL)
_KINDS = {"header", "http", "connect", "send", "recv"}


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame that was received. `offset_s` counts from the capture's first one and never decreases."""

    offset_s: float
    data: bytes
    connection: str


class _Received(msgspec.Struct, frozen=True, gc=False):
    at: float  # seconds since 1970
    data: bytes
    connection: str


class _Lines:
    """The format of plain lines; a capture holds one connection at a time."""

    def __init__(self) -> None:
        self._connection = ""

    @staticmethod
    def starts_with(line: bytes) -> bool:
        """Whether a capture of this format may start so."""
        return any(form.fullmatch(line) for form in (_CONNECTED, _SENT, _RECEIVED))

    def decode(self, line: bytes) -> _Received | None:
        """The frame that a line holds, if it was received. Raises ValueError for a line of no known form."""
        if received := _RECEIVED.fullmatch(line):
            return _Received(float(received[1]), received[2], self._connection)
        if connected := _CONNECTED.fullmatch(line):
            self._connection = connected[1].decode()
        elif line and not _SENT.fullmatch(line):
            raise ValueError("neither connected, nor a frame that was sent or received")
        return None


class _Row(msgspec.Struct, frozen=True, gc=False):
    t: str
    conn: str | None = None
    ts: float | None = None
    data: str | None = None


_row = msgspec.json.Decoder(_Row).decode


class _Objects:
    """The format of JSON objects; a capture may hold several connections, and HTTP answers."""

    @staticmethod
    def starts_with(line: bytes) -> bool:
        """Whether a capture of this format may start so."""
        try:
            return _row(line).t in _KINDS
        except ValueError:
            return False

    def decode(self, line: bytes) -> _Received | None:
        """The frame that a line holds, if it was received. Raises ValueError for a line that is no such object."""
        if not line:
            return None
        row = _row(line)
        if row.t != "recv":
            return None
        if row.conn is None or row.ts is None or row.data is None:
            raise ValueError("a recv object without conn, ts or data")
        return _Received(row.ts, row.data.encode(), row.conn)


class Capture:
    """A recorded capture; each iteration reads it from its start, lazily.

    Raises CaptureError: when made, for a file that is missing, empty or no capture; while it is iterated, for one
    that is damaged further on.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._format = self._told_by(next(self._lines(), b""))

    def __iter__(self) -> Iterator[Frame]:
        decode = self._format().decode
        first_at: float | None = None
        offset_s = 0.0
        for number, line in enumerate(self._lines(), start=1):
            try:
                received = decode(line)
            except ValueError as problem:
                raise CaptureError(f"{self.path}, line {number}: {problem}; found {_beginning(line)}") from problem
            if received is not None:
                first_at = received.at if first_at is None else first_at
                offset_s = max(offset_s, received.at - first_at)
                yield Frame(offset_s, received.data, received.connection)

    def _told_by(self, first: bytes) -> type[_Lines] | type[_Objects]:
        if _Lines.starts_with(first):
            return _Lines
        if _Objects.starts_with(first):
            return _Objects
        raise CaptureError(f"{self.path}: {f'found {_beginning(first)}' if first else 'the file is empty'}; {EXPECTED}")

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                zipped = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
                source = gzip.GzipFile(fileobj=file) if zipped else file
                while line := source.readline(LINE_LIMIT):
                    if len(line) == LINE_LIMIT:
                        raise CaptureError(f"{self.path}: a line is longer than {LINE_LIMIT} bytes; {EXPECTED}")
                    yield line.rstrip(b"\r\n")
        except (OSError, EOFError, zlib.error) as problem:  # the last two: a gzip file cut off or damaged
            raise CaptureError(f"{self.path}: {problem}; set path to a recorded capture") from problem


def _beginning(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "backslashreplace"))
