"""The Python client: live prices for a program, over one connection that keeps itself up.

    async with connect("ws://127.0.0.1:8080/v1/ws") as ticker:
        async for update in ticker.subscribe("quotes", "coinbase:*", max_rate=4):
            ...

Of all that the service needs it imports aiohttp and orjson alone. docs/python.md explains it.
"""

from ticker.client.client import Client, connect
from ticker.client.errors import AddressError, AuthError, ClientError, ProtocolError, SubscribeError
from ticker.client.stream import Stream
from ticker.client.updates import (
    Bar,
    Connected,
    Connection,
    Data,
    Gap,
    Lost,
    Quote,
    Rejected,
    Stats,
    Status,
    Ticker,
    Trade,
    Update,
)

__all__ = [
    "AddressError",
    "AuthError",
    "Bar",
    "Client",
    "ClientError",
    "Connected",
    "Connection",
    "Data",
    "Gap",
    "Lost",
    "ProtocolError",
    "Quote",
    "Rejected",
    "Stats",
    "Status",
    "Stream",
    "SubscribeError",
    "Ticker",
    "Trade",
    "Update",
    "connect",
]
