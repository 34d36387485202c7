"""What can go wrong in a measurement."""

from feeds.errors import TickerError


class BenchError(TickerError):
    """Nothing could be measured; the text says why and what to change."""
