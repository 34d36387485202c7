"""Reading a venue's messages: typed, with the venue's digits, and exact about what is wrong with a bad one."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from feeds.decimals import expanded, is_signed, is_unsigned, is_zero
from feeds.errors import DecodeError
from feeds.timestamps import from_microseconds, from_milliseconds, nanoseconds

Shape_co = TypeVar("Shape_co", covariant=True)
Fields = tuple[str, str, str, str]  # a venue's names for bid, bid size, ask, ask size

# As milliseconds this lies in the year 5138, as microseconds in 1973; the end in 5138 again.
MICROSECONDS_FROM, MICROSECONDS_TO = 10**14, 10**17

# How msgspec's errors name the field: "… missing required field `u` - at `$.data`", "… - at `$[0].trades[3].price`".
_MISSING_FIELD = re.compile(r"missing required field `([^`]+)`")
_FIELD_AT = re.compile(r"at `\$[^`]*?(\w+)(?:\[[^\]]*\])*`$")


class Message(Generic[Shape_co]):
    """One kind of message of a venue: its fields, and the checks that a type cannot make.

    All that is wrong is raised as DecodeError with this kind and the venue's name of the field. JSON numbers of a
    field typed `Any` keep their literals: floats are read as strings.
    """

    def __init__(self, kind: str, shape: type[Shape_co]) -> None:
        self.kind = kind
        self._decode = msgspec.json.Decoder(shape, float_hook=str).decode

    def read(self, frame: bytes | msgspec.Raw) -> Shape_co:
        """The message in `frame`; fields that its shape does not name are skipped."""
        try:
            return self._decode(frame)
        except msgspec.ValidationError as error:
            raise self.wrong(_field_in(str(error)), str(error)) from error
        except (ValueError, RecursionError) as error:
            raise DecodeError("json", "", str(error)) from error

    def attempt(self, frame: bytes) -> Shape_co | None:
        """The message in `frame`, None where it cannot be read as such: for a guess that mostly is right."""
        try:
            return self._decode(frame)
        except (ValueError, RecursionError):
            return None

    def wrong(self, field: str, problem: str) -> DecodeError:
        """The error to raise for a field."""
        return DecodeError(self.kind, field, problem)

    def number(self, field: str, literal: object) -> str:
        """The decimal string, perhaps negative, of a string, or of a JSON number that was read into a field `Any`."""
        if type(literal) is str and is_signed(literal):
            return literal
        try:
            return expanded(str(literal))
        except ValueError as error:
            raise self.wrong(field, str(error)) from error

    def figure(self, field: str, literal: object) -> str | None:
        """As `number`; None stays None."""
        return None if literal is None else self.number(field, literal)

    def decimal(self, field: str, text: str) -> str:
        """`text` itself, an unsigned decimal."""
        if is_unsigned(text):
            return text
        raise self.wrong(field, f"{text[:40]!r} is not an unsigned decimal")

    def amount(self, field: str, text: str | None) -> str | None:
        """`text` itself, an unsigned decimal; None stays None."""
        return None if text is None else self.decimal(field, text)

    def price(self, field: str, text: str | None) -> str | None:
        """As `amount`, but None for zero too: venues write it where there is no price."""
        return None if text is None or is_zero(self.decimal(field, text)) else text

    def sides(
        self, fields: Fields, bid: str | None, bid_size: str | None, ask: str | None, ask_size: str | None
    ) -> tuple[str | None, str | None, str | None, str | None]:
        """Bid, bid size, ask and ask size of a quote; None for a price of zero, and for the size where no price is.

        For those that decimals.are_two_sides does not take as they are.
        """
        best_bid, at_bid = self.price(fields[0], bid), self.amount(fields[1], bid_size)
        best_ask, at_ask = self.price(fields[2], ask), self.amount(fields[3], ask_size)
        return best_bid, best_bid and at_bid, best_ask, best_ask and at_ask

    def instant(self, field: str, text: str | None) -> tuple[str | None, int | None]:
        """An RFC 3339 time as given and in nanoseconds since 1970; both None for none, and for 1970 or before.

        Venues write a time's zero value (of 1970, or of the year 1) where there is none.
        """
        if text is None:
            return None, None
        try:
            at = nanoseconds(text)
        except ValueError as error:
            raise self.wrong(field, str(error)) from error
        return (text, at) if at > 0 else (None, None)

    def unix_time(self, field: str, at: int) -> str | None:
        """A time since 1970 in milliseconds or microseconds, told apart by its size; None for 0."""
        if 0 <= at < MICROSECONDS_FROM:
            return from_milliseconds(at) if at else None
        if MICROSECONDS_FROM <= at < MICROSECONDS_TO:
            return from_microseconds(at)
        raise self.wrong(field, f"{at} is not a time in milliseconds or microseconds")


class Headed(Struct, gc=False):
    """What the frames have in common of a venue that names the channel in each; a message of a channel has more."""

    channel: str = ""


Head = TypeVar("Head", bound=Headed)


class Channels(Generic[Head]):
    """Reads frames that begin with the name of their channel in one step; any other takes two, its head first."""

    def __init__(self, head: Message[Head], messages: Mapping[str, Message[Head]]) -> None:
        self._head = head
        self._messages = messages
        self._guesses = [(b'{"channel":"%b"' % name.encode(), name, messages[name]) for name in messages]

    def read(self, frame: bytes) -> Head:
        """The whole message where there is one for its channel, else the head. Raises DecodeError as they do."""
        for beginning, channel, message in self._guesses:
            if frame.startswith(beginning) and (found := message.attempt(frame)) and found.channel == channel:
                return found
        head = self._head.read(frame)
        known = self._messages.get(head.channel)
        return known.read(frame) if known else head


def _field_in(problem: str) -> str:
    found = _MISSING_FIELD.search(problem) or _FIELD_AT.search(problem)
    return found[1] if found else ""
