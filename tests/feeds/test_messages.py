"""What is wrong with a message is said with its kind and the venue's name of the field."""

from typing import Any, Literal

import pytest
from msgspec import Struct, field

from feeds.errors import DecodeError
from feeds.messages import Channels, Headed, Message


class Item(Struct):
    price: str = field(name="p")
    side: Literal["buy", "sell"] = "buy"
    size: Any = None


class Items(Struct):
    items: list[Item]


ITEMS = Message("items", Items)


def refusal(frame: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as raised:
        ITEMS.read(frame)
    return raised.value


@pytest.mark.parametrize(
    ("frame", "kind", "name"),
    [
        (b'{"items":[{"p":"1"},{}]}', "items", "p"),
        (b'{"items":[{"p":1}]}', "items", "p"),
        (b'{"items":[{"p":"1","side":"up"}]}', "items", "side"),
        (b'{"items":{}}', "items", "items"),
        (b'{"items":[5]}', "items", "items"),
        (b"{}", "items", "items"),
        (b"[]", "items", ""),
        (b"", "json", ""),
        (b"garbage", "json", ""),
        (b'{"items":[{"p":"1"}', "json", ""),
        (b'{"items":[{"p":"\xff"}]}', "json", ""),
        (b'{"items":[{"p":"\\ud800"}]}', "json", ""),
        (b'{"x":' * 100_000, "json", ""),
        (b'{"items":[{"p":"1","size":' + b"9" * 5_000 + b"}]}", "items", "size"),
    ],
)
def test_the_kind_and_the_field_are_named(frame: bytes, kind: str, name: str) -> None:
    error = refusal(frame)
    assert (error.kind, error.field) == (kind, name)


def test_the_text_says_what_was_found() -> None:
    assert str(refusal(b'{"items":[{"p":1}]}')) == "items: p: Expected `str`, got `int` - at `$.items[0].p`"


def test_a_floats_literal_is_kept() -> None:
    [item] = ITEMS.read(b'{"items":[{"p":"1","size":1.000}],"new":{"fields":[]}}').items
    assert item.size == "1.000"


@pytest.mark.parametrize(
    ("literal", "text"), [(740, "740"), ("0.50", "0.50"), ("-5e-1", "-0.5"), (2**80, "1208925819614629174706176")]
)
def test_a_number_becomes_a_decimal_string(literal: object, text: str) -> None:
    assert ITEMS.number("size", literal) == text
    assert ITEMS.figure("size", literal) == text


@pytest.mark.parametrize("literal", [True, None, "", "abc", [], {}, 1.5e300, float("nan")])
def test_what_is_no_number_is_refused_by_name(literal: object) -> None:
    with pytest.raises(DecodeError, match=r"items: size: .* is not a decimal number"):
        ITEMS.number("size", literal)


def test_what_is_none_stays_none() -> None:
    assert ITEMS.figure("size", None) is None
    assert ITEMS.amount("size", None) is None
    assert ITEMS.price("p", None) is None
    assert ITEMS.instant("t", None) == (None, None)


def test_a_price_of_zero_is_no_price() -> None:
    assert ITEMS.price("p", "0.00") is None
    assert ITEMS.price("p", "0.01") == "0.01"
    assert ITEMS.amount("size", "0.00") == "0.00"


FIELDS = ("b", "B", "a", "A")


@pytest.mark.parametrize(
    ("values", "sides"),
    [
        (("1.0", "2.0", "1.1", "0"), ("1.0", "2.0", "1.1", "0")),
        (("0.0", "0.0", "1.1", "3"), (None, None, "1.1", "3")),
        (("1.0", "2.0", None, "3"), ("1.0", "2.0", None, None)),
        (("1.0", None, "1.1", "3"), ("1.0", None, "1.1", "3")),
    ],
)
def test_a_side_without_price_has_no_size(values: tuple[str | None, ...], sides: tuple[str | None, ...]) -> None:
    assert ITEMS.sides(FIELDS, *values) == sides


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("bad", ["", "NaN", "0.-10000", "-1", "1 2"])
def test_a_bad_value_of_a_quote_is_named(place: int, bad: str) -> None:
    values = ["1.0", "2.0", "1.1", "3.0"]
    values[place] = bad
    with pytest.raises(DecodeError) as raised:
        ITEMS.sides(FIELDS, *values)
    assert raised.value.field == FIELDS[place]


def test_a_time_is_kept_as_given() -> None:
    assert ITEMS.instant("t", "2026-09-01T12:00:00.1234Z") == ("2026-09-01T12:00:00.1234Z", 1_788_264_000_123_400_000)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00.000000Z", "0001-01-01T00:00:00Z"])
def test_a_venues_zero_time_is_none(text: str) -> None:
    assert ITEMS.instant("t", text) == (None, None)


def test_a_bad_time_is_named() -> None:
    with pytest.raises(DecodeError) as raised:
        ITEMS.instant("t", "yesterday")
    assert raised.value.field == "t"


@pytest.mark.parametrize(
    ("at", "time"),
    [
        (1_790_000_000_120, "2026-09-21T14:13:20.120Z"),
        (1_790_000_000_120_007, "2026-09-21T14:13:20.120007Z"),
        (0, None),
    ],
)
def test_milliseconds_and_microseconds_are_told_apart(at: int, time: str | None) -> None:
    assert ITEMS.unix_time("T", at) == time


@pytest.mark.parametrize("at", [-1, 10**17, 2**70])
def test_what_is_no_time_is_refused(at: int) -> None:
    with pytest.raises(DecodeError, match="items: T: "):
        ITEMS.unix_time("T", at)


class Head(Headed):
    """What all frames have."""

    number: int = 0


class Tick(Head, kw_only=True):
    """A message of the channel `ticks`."""

    price: str


CHANNELS = Channels[Head](Message("head", Head), {"ticks": Message("ticks", Tick)})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b'{"channel":"ticks","price":"1"}', Tick("ticks", price="1")),
        (b'{"price":"1", "channel":"ticks"}', Tick("ticks", price="1")),
        (b'{"channel":"ticks","price":"1","channel":"others"}', Head("others")),
        (b'{"channel":"others","number":3}', Head("others", 3)),
        (b"{}", Head()),
    ],
)
def test_a_frame_is_read_by_its_channel(frame: bytes, message: Head) -> None:
    assert CHANNELS.read(frame) == message


@pytest.mark.parametrize(
    ("frame", "kind", "name"),
    [
        (b'{"channel":"ticks","price":1}', "ticks", "price"),
        (b'{"channel":"ticks"}', "ticks", "price"),
        (b'{"channel":"ticks","price":"1","number":"2"}', "head", "number"),
        (b'{"channel":"ticks","price":"1"', "json", ""),
        (b'{"channel":5}', "head", "channel"),
    ],
)
def test_what_is_wrong_with_it_is_told_of_the_head_or_of_the_message(frame: bytes, kind: str, name: str) -> None:
    with pytest.raises(DecodeError) as raised:
        CHANNELS.read(frame)
    assert (raised.value.kind, raised.value.field) == (kind, name)
