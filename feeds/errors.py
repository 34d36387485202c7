"""What can go wrong, as a tree.

TickerError
├── FeedError            a feed cannot do what its settings ask
│   └── CaptureError     a recorded capture cannot be read
├── FetchError           a venue's REST does not answer as it should; the feed goes on without its history
└── DecodeError          one venue message cannot be understood; the feed goes on

The service adds its own errors below the same root (ticker/errors.py).
"""


class TickerError(Exception):
    """The root of every error that this project raises on purpose."""


class FeedError(TickerError):
    """A feed cannot be built or run with the settings it was given; the text says what to change."""


class CaptureError(FeedError):
    """A recorded capture is missing or is not in a format we read."""


class FetchError(TickerError):
    """An answer of a venue's REST cannot be had. `lasting`: nor can others, so that it makes no sense to ask on."""

    def __init__(self, problem: str, *, lasting: bool = False) -> None:
        super().__init__(problem)
        self.lasting = lasting


class DecodeError(TickerError):
    """A venue's message could not be understood.

    `kind` is a short, bounded name for metrics and for logging once (`json`, `ticker`, `market_trades` …);
    `field` names the offending field, or is empty when the frame as a whole is unreadable.
    """

    def __init__(self, kind: str, field: str, problem: str) -> None:
        super().__init__(f"{kind}: {field + ': ' if field else ''}{problem}")
        self.kind = kind
        self.field = field
