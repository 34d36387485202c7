"""Who gets a topic: each update, or at a cadence; in which encoding."""

from collections.abc import Callable, Iterator
from weakref import WeakValueDictionary

from feeds.timestamps import SECOND
from ticker.bus import Topic
from ticker.clients import Client, Options
from ticker.encodings import WEBSOCKET, Encoding
from ticker.pacing import Cadence
from ticker.waiters import Waiter

Clients = dict[Client, Callable[[bytes], None]]  # each with what puts a frame on its write list


class Audience:
    """One topic's clients.

    They are apart by what they get, so that nothing need be asked for each of them: `every` get each update whole by
    WebSocket, `others` each update in another encoding, `paced` at a cadence, which has an encoding of its own. And
    `waiters` want to know of the next change alone.
    """

    __slots__ = ("every", "others", "paced", "waiters")

    def __init__(self) -> None:
        self.every: Clients = {}
        self.others: dict[Encoding, Clients] = {}
        self.paced: dict[Cadence, Clients] = {}
        self.waiters: dict[Waiter, None] = {}

    def __bool__(self) -> bool:
        return bool(self.every or self.paced or self.others or self.waiters)


class Audiences:
    """The topics that somebody gets, and who: each topic has its audience at hand."""

    def __init__(self) -> None:
        self._topics: dict[Topic, None] = {}
        self._phases: dict[float, int] = {}
        # Those that no audience has are forgotten: over time there may be many different choices of fields.
        self._cadences: WeakValueDictionary[tuple[float, Encoding], Cadence] = WeakValueDictionary()

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics)

    def add(self, client: Client, topic: Topic, options: Options) -> None:
        """A client gets a topic from now on."""
        audience = self._audience(topic)
        encoding = client.encoding.choosing(options.fields)
        if options.rate is not None:
            clients = audience.paced.setdefault(self._cadence(options.rate, encoding), {})
        elif encoding is not WEBSOCKET:
            clients = audience.others.setdefault(encoding, {})
        else:
            clients = audience.every
        clients[client] = client.push

    def remove(self, client: Client, topic: Topic, options: Options) -> bool:
        """A client does not get a topic any more; whether it did."""
        audience: Audience | None = topic.audience
        if audience is None:
            return False
        encoding = client.encoding.choosing(options.fields)
        if options.rate is not None:
            found = self._remove_paced(audience, client, topic, self._cadence(options.rate, encoding))
        elif encoding is not WEBSOCKET:
            found = self._remove_other(audience, client, encoding)
        else:
            found = audience.every.pop(client, None) is not None
        self._tidy(topic, audience)
        return found

    @staticmethod
    def holders(topic: Topic) -> set[Client]:
        """All who get a topic, however they do."""
        audience: Audience | None = topic.audience
        if audience is None:
            return set()
        apart = (*audience.others.values(), *audience.paced.values())
        return set(audience.every).union(*apart)

    def wait(self, waiter: Waiter) -> None:
        """Let one know of the next change of its topics."""
        for topic in waiter.topics:
            self._audience(topic).waiters[waiter] = None

    def forget(self, waiter: Waiter) -> None:
        """One waits no more."""
        for topic in waiter.topics:
            audience: Audience | None = topic.audience
            if audience is not None:
                audience.waiters.pop(waiter, None)
                self._tidy(topic, audience)

    def held_back(self, client: Client, topic: Topic, options: Options) -> bool:
        """Whether a value of the topic waits for the time of a cadence."""
        encoding = client.encoding.choosing(options.fields)
        return options.rate is not None and self._cadence(options.rate, encoding).waits(topic)

    def wake(self, audience: Audience) -> None:
        """Its topic has changed: each who waits for that is told, once."""
        for waiter in list(audience.waiters):
            self.forget(waiter)
            waiter.wake()

    def _audience(self, topic: Topic) -> Audience:
        if topic.audience is None:
            topic.audience = Audience()
            self._topics[topic] = None
        audience: Audience = topic.audience
        return audience

    def _tidy(self, topic: Topic, audience: Audience) -> None:
        if not audience:
            topic.audience = None
            del self._topics[topic]

    @staticmethod
    def _remove_other(audience: Audience, client: Client, encoding: Encoding) -> bool:
        clients = audience.others.get(encoding)
        if clients is None or client not in clients:
            return False
        del clients[client]
        if not clients:
            del audience.others[encoding]
        return True

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

    def _cadence(self, rate: float, encoding: Encoding) -> Cadence:
        cadence = self._cadences.get((rate, encoding))
        if cadence is None:
            # The golden ratio spreads the phases of however many rates evenly. Those of one rate go together, so that
            # a client that has some topics whole and some not gets them in one write.
            phase = self._phases.setdefault(rate, int(len(self._phases) * 0.618 * SECOND / rate))
            cadence = self._cadences[rate, encoding] = Cadence(rate, phase, encoding)
        return cadence
