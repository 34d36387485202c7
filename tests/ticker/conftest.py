"""Which event loops the tests run on, and how long an example may take."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop
from hypothesis import settings

# What moves bytes has to work with both.
DRIVERS = ("test_websocket.py", "test_websocket_slow.py", "test_sse.py", "test_sse_slow.py")

settings.register_profile("any machine", deadline=None)  # a busy one takes its time over an example
settings.load_profile("any machine")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The drivers' tests run on asyncio's loop and on uvloop's."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in DRIVERS:
        factories["uvloop"] = uvloop.new_event_loop
    return factories
