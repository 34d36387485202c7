"""What can go wrong for a client, below the root that feeds/errors.py sets.

TickerError
└── ClientError            whatever ends an iteration; to catch this one is enough
    ├── AddressError       the address is none, or there is no ticker behind it
    ├── AuthError          the service wants a token, or another one
    ├── SubscribeError     one subscription was refused; the others go on
    └── ProtocolError      client and service do not understand each other: a bug, or versions too far apart

A lost connection is no error: the client comes back by itself, and says so with `Lost` and `Connected`.
"""

from feeds.errors import TickerError


class ClientError(TickerError):
    """The root of what the client raises on purpose."""


class AddressError(ClientError):
    """There is no ticker at the address; the text says what to look at."""


class AuthError(ClientError):
    """The service lets nobody in without a token, or not with this one. Trying again needs another token."""


class SubscribeError(ClientError):
    """The service refused a subscription: `code` as in docs/protocol.md, `reason` in the service's words."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


class ProtocolError(ClientError):
    """The other side does not speak as we do. Trying again would not help: look at the versions, or report a bug."""
