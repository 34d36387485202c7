"""Which event loops the tests run on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

DRIVERS = ("test_websocket.py", "test_websocket_slow.py")  # what moves bytes has to work with both


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The drivers' tests run on asyncio's loop and on uvloop's."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in DRIVERS:
        factories["uvloop"] = uvloop.new_event_loop
    return factories
