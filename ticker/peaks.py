"""The highest and the lowest price of a window that moves on: what can still become the best, and nothing else.

A price that comes later and is at least as good makes all before it useless: they leave the window first. So each is
put in and taken out once, however the prices run.
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal

Beats = Callable[[Decimal, Decimal], bool]


class Peaks:
    """`beats` says whether the first price is at least as good as the second. Starts are told in rising order."""

    __slots__ = ("_beats", "_left")

    def __init__(self, beats: Beats) -> None:
        self._beats = beats
        self._left: deque[tuple[int, str, Decimal]] = deque()  # from the best on, each later and less good

    @property
    def best(self) -> str | None:
        """The best price; None where there is none."""
        return self._left[0][1] if self._left else None

    def add(self, start: int, price: str) -> None:
        """One more, the latest."""
        value, left = Decimal(price), self._left
        while left and self._beats(value, left[-1][2]):
            left.pop()
        left.append((start, price, value))

    def forget(self, before: int) -> None:
        """What began before that has left the window."""
        while self._left and self._left[0][0] < before:
            self._left.popleft()
