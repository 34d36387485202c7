"""Who gets a topic: each update, or at a cadence."""

from collections.abc import Callable, Iterator

from feeds.timestamps import SECOND
from ticker.bus import Topic
from ticker.clients import Client
from ticker.pacing import Cadence

Clients = dict[Client, Callable[[bytes], None]]  # each with what puts a frame on its write list


class Audience:
    """One topic's clients."""

    __slots__ = ("every", "paced")

    def __init__(self) -> None:
        self.every: Clients = {}
        self.paced: dict[Cadence, Clients] = {}


class Audiences:
    """The topics that somebody gets, and who. A rate is in updates per second; None: every update."""

    def __init__(self) -> None:
        self._audiences: dict[Topic, Audience] = {}
        self._cadences: dict[float, Cadence] = {}
        self.get = self._audiences.get

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._audiences)

    def add(self, client: Client, topic: Topic, rate: float | None) -> None:
        """A client gets a topic from now on."""
        audience = self._audiences.get(topic)
        if audience is None:
            audience = self._audiences[topic] = Audience()
        if rate is None:
            audience.every[client] = client.push
        else:
            audience.paced.setdefault(self._cadence(rate), {})[client] = client.push

    def remove(self, client: Client, topic: Topic, rate: float | None) -> bool:
        """A client does not get a topic any more; whether it did."""
        audience = self._audiences.get(topic)
        if audience is None:
            return False
        if rate is None:
            found = client in audience.every
            audience.every.pop(client, None)
        else:
            found = self._remove_paced(audience, client, topic, self._cadence(rate))
        if not audience.every and not audience.paced:
            del self._audiences[topic]
        return found

    def held_back(self, topic: Topic, rate: float | None) -> bool:
        """Whether a value of the topic waits for the time of that rate's cadence."""
        return rate is not None and self._cadence(rate).waits(topic)

    @staticmethod
    def _remove_paced(audience: Audience, client: Client, topic: Topic, cadence: Cadence) -> bool:
        clients = audience.paced.get(cadence)
        if clients is None or client not in clients:
            return False
        del clients[client]
        if not clients:
            del audience.paced[cadence]
            cadence.forget(topic)
        return True

    def _cadence(self, rate: float) -> Cadence:
        cadence = self._cadences.get(rate)
        if cadence is None:
            # The golden ratio spreads the phases of however many cadences evenly.
            phase = int(len(self._cadences) * 0.618 * SECOND / rate)
            cadence = self._cadences[rate] = Cadence(rate, phase)
        return cadence
