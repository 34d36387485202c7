"""What can go wrong in the service, below the root that feeds/errors.py sets.

TickerError
├── SettingsError        the settings cannot be used; carries every problem at once
├── ServeError           the service cannot start
├── CertificateError     the certificate or its key cannot be used
└── RequestError         a client's request does nothing; the client is told, its connection stays
"""

from collections.abc import Sequence
from dataclasses import dataclass

from feeds.errors import TickerError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the settings.

    `source` is a file's path, `environment` or `command line`; `key` is spelled as that source spells it, empty where
    the source as a whole is meant; `found` is written as in TOML, with secrets hidden; `advice` says what is allowed.
    """

    source: str
    key: str
    found: str
    advice: str

    def __str__(self) -> str:
        where = f"{self.source}: {self.key}" if self.key else self.source
        return f"{where}: {'found ' + self.found + '; ' if self.found else ''}{self.advice}"


class SettingsError(TickerError):
    """The settings cannot be used. `problems` are all that was wrong, one line or more of the text each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class RequestError(TickerError):
    """A client's request that does nothing; the codes are those of docs/protocol.md, and HTTP's where it is REST."""

    def __init__(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after_ms = retry_after_ms


class CertificateError(TickerError):
    """The certificate or its key cannot be used; the text says which file, and what is wrong with it."""


class ServeError(TickerError):
    """The service cannot start; the text says why and what to change."""
