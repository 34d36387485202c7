"""The kernel's memory of a service's sockets, asked of it by netlink as `ss -m` does (sock_diag(7)). Linux only."""

import errno
import os
import socket
import struct
from collections.abc import Iterator

from msgspec import Struct

SOCK_DIAG_BY_FAMILY, NETLINK_SOCK_DIAG = 20, 4  # linux/sock_diag.h, linux/netlink.h
NLM_F_REQUEST_DUMP = 0x301
NLMSG_ERROR, NLMSG_DONE = 2, 3
INET_DIAG_SKMEMINFO = 7  # linux/inet_diag.h
ESTABLISHED = 1 << 1  # of the bits of TCP states
MOST = 1 << 16  # bytes of an answer

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
REQUEST = struct.Struct("=BBBBI")  # struct inet_diag_req_v2 without its socket id
SOCKET_ID = struct.Struct("!HH16s16sIQ")  # struct inet_diag_sockid
MESSAGE_SIZE = 72  # of struct inet_diag_msg: four bytes, the socket id, and twenty more
ATTRIBUTE = struct.Struct("=HH")  # struct nlattr
MEMORY = struct.Struct("=8I")  # the first of SK_MEMINFO_VARS


class Memory(Struct, frozen=True):
    """What the kernel holds for one socket, in bytes with all that it needs around the data.

    `queued` waits to be sent or acknowledged, `received` to be read, `reserved` is set aside for either.
    """

    queued: int
    received: int
    reserved: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.queued + self.received + self.reserved


def socket_memory(port: int) -> dict[int, Memory]:
    """The memory of each IPv4 connection that a service on this port has, by the port of its client.

    Raises OSError where the kernel does not tell.
    """
    identity = SOCKET_ID.pack(port, 0, bytes(16), bytes(16), 0, (1 << 64) - 1)
    request = REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 1 << (INET_DIAG_SKMEMINFO - 1), 0, ESTABLISHED)
    size = HEADER.size + len(request) + len(identity)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(HEADER.pack(size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST_DUMP, 0, 0) + request + identity)
        found = (_memory(message) for message in _messages(kernel))
        return {theirs: memory for ours, theirs, memory in found if ours == port}


def _messages(kernel: socket.socket) -> Iterator[bytes]:
    """The payloads of an answer, which comes in many parts."""
    while True:
        data = kernel.recv(MOST)
        while data:
            size, kind, *_ = HEADER.unpack_from(data)
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                number = -int.from_bytes(data[HEADER.size : HEADER.size + 4], "little", signed=True) or errno.EPROTO
                raise OSError(number, os.strerror(number))
            yield data[HEADER.size : size]
            data = data[_aligned(size) :]


def _memory(message: bytes) -> tuple[int, int, Memory]:
    """The service's port, the client's port, and the memory, of a struct inet_diag_msg and its attributes."""
    ours, theirs, *_ = SOCKET_ID.unpack_from(message, 4)
    rest = message[MESSAGE_SIZE:]
    while rest:
        size, kind = ATTRIBUTE.unpack_from(rest)
        if kind == INET_DIAG_SKMEMINFO:
            received, _, _, _, reserved, queued, _, _ = MEMORY.unpack_from(rest, ATTRIBUTE.size)
            return ours, theirs, Memory(queued, received, reserved)
        rest = rest[_aligned(size) :]
    return ours, theirs, Memory(0, 0, 0)


def _aligned(size: int) -> int:
    return (size + 3) & ~3
