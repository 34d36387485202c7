"""A form tells exactly the frames that it describes, and reads their values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.forms import form

READ = form('{"s":"<name>","n":<number>,"p":"<price>","q":"<amount>","m":<flag>,"x":<-number>}')
FRAME = '{"s":"BTC1","n":70,"p":"0.10","q":"0.00","m":true,"x":5}'


def test_the_values_are_read_in_their_order() -> None:
    found = READ(FRAME)
    assert found
    assert found.groups() == ("BTC1", "70", "0.10", "0.00", "true")


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("BTC1", ""),
        ("BTC1", "BTC-1"),
        ("BTC1", "BTÇ1"),
        ("BTC1", 'B\\"1'),
        ("70", "007"),
        ("70", "-7"),
        ("70", "7.0"),
        ("70", "7" * 19),
        ("0.10", "0.00"),
        ("0.10", ""),
        ("0.10", "1."),
        ("0.10", "NaN"),
        ("0.10", "1.2.3"),
        ('"0.00"', "0.00"),
        ('"0.00"', '".5"'),
        ("true", "True"),
        ("true", '"true"'),
        (',"x":5', ""),
        (',"x":5', ',"x":5,"y":6'),
        (',"x":5', ',"x":null'),
        ("}", "} "),
        ("}", "}\n"),
        ('"s":', '"s": '),
    ],
)
def test_any_other_frame_is_of_no_form(found: str, instead: str) -> None:
    assert found in FRAME
    assert not READ(FRAME.replace(found, instead))


@given(name=st.text(), number=st.integers(), price=st.text("0123456789.-e"), flag=st.booleans())
def test_what_is_of_a_form_is_sound_json_with_these_values(name: str, number: int, price: str, flag: bool) -> None:
    frame = f'{{"s":"{name}","n":{number},"p":"{price}","q":"1","m":{json.dumps(flag)},"x":0}}'
    if found := READ(frame):
        message = json.loads(frame)
        assert found.groups() == (message["s"], str(message["n"]), message["p"], "1", json.dumps(message["m"]))
        assert float(price) > 0
