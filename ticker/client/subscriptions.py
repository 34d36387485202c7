"""All subscriptions of a client, over one socket: which of them an update is for."""

from collections.abc import Iterator

from ticker.client.errors import ClientError
from ticker.client.subscription import Subscription
from ticker.client.updates import Bar, Connected, Connection, Published, Status


class Subscriptions:
    """In the order of their coming; the service gives each topic once, however many of them cover it."""

    def __init__(self) -> None:
        self._all: dict[Subscription, None] = {}
        self._statuses: dict[str, Status] = {}  # the newest of each symbol: told once a client, and by us to each
        self.connection: Connection | None = None
        self._error: ClientError | None = None

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._all)

    def add(self, subscription: Subscription) -> None:
        """One more, which is told first what is known of the connection and its symbols."""
        self._all[subscription] = None
        if self._error is not None:
            subscription.fail(self._error)
        if self.connection is not None:
            subscription.tell(self.connection)
        for symbol, status in self._statuses.items():
            if subscription.matches(symbol):
                subscription.accept(status)

    def remove(self, subscription: Subscription) -> None:
        """One less."""
        self._all.pop(subscription, None)
        for symbol in [symbol for symbol in self._statuses if not any(other.matches(symbol) for other in self._all)]:
            del self._statuses[symbol]

    def route(self, update: Published) -> None:
        """Hand an update to each subscription that it is for."""
        if isinstance(update, Status):
            self._statuses[update.symbol] = update
        for subscription in self._all:
            if _is_for(update, subscription) and subscription.matches(update.symbol):
                subscription.accept(update)

    def tell(self, connection: Connection) -> None:
        """Have every subscription know how the connection is."""
        if not isinstance(connection, Connected):
            self._statuses.clear()  # they come again with the next connection
        self.connection = connection
        for subscription in self._all:
            if not isinstance(connection, Connected):
                subscription.lost()
            subscription.tell(connection)

    def fail(self, error: ClientError) -> None:
        """All is over, for those that are still to come, too."""
        self._error = error
        for subscription in self._all:
            subscription.fail(error)


def _is_for(update: Published, subscription: Subscription) -> bool:
    if isinstance(update, Bar) and update.interval != subscription.interval:
        return False
    return isinstance(update, Status) or update.channel == subscription.channel
