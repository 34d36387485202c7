"""Dividing what a venue is asked for over requests and connections, within its limits."""

from collections.abc import Iterable

from feeds.adapter import Subscription


def divided(names: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
    """`names` in order, in parts of at most `most`."""
    return [names[start : start + most] for start in range(0, len(names), most)]


def subscriptions(channels: Iterable[str], venue_symbols: tuple[str, ...], most: int) -> tuple[Subscription, ...]:
    """Each venue channel for all symbols, channel by channel, with at most `most` symbols to a request."""
    parts = divided(venue_symbols, most)
    return tuple(Subscription(channel, part) for channel in channels for part in parts)
