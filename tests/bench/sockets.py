"""Counting what goes over a client's sockets, as the kernel counts it: headers and frames, without TCP and below."""

import socket
from typing import NamedTuple

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

# struct tcp_info of linux/tcp.h, since Linux 4.1: two u64 behind 8 u8, 24 u32 and two u64
SENT_AND_ACKED, RECEIVED, SIZE = 120, 128, 136


class Traffic(NamedTuple):
    """Bytes to the service and from it."""

    up: int
    down: int


class Sockets:
    """Makes a client's sockets, and keeps them to read their counts: give `make` to a TCPConnector. Linux only."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def __len__(self) -> int:
        return len(self._sockets)

    def make(self, address: AddrInfo) -> socket.socket:
        """A socket that is counted from now on."""
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        self._sockets.append(made)
        return made

    def traffic(self) -> Traffic:
        """What went over all of them so far. Raises OSError where one was closed: its counts are lost."""
        infos = [made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE) for made in self._sockets]
        return Traffic(*(sum(_u64(info, place) for info in infos) for place in (SENT_AND_ACKED, RECEIVED)))


def _u64(info: bytes, place: int) -> int:
    return int.from_bytes(info[place : place + 8], "little")
