"""A peer whose network is gone: what is sent to it is neither read nor acknowledged nor refused."""

import ctypes
import socket
import struct
from typing import Any

import pytest

SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K with 0: keep no byte of any packet


def go_deaf(peer: Any) -> None:
    """The kernel drops what arrives for this socket, before TCP sees it."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("needs Linux")
    instructions = ctypes.create_string_buffer(DROP_ALL, len(DROP_ALL))
    program = struct.pack("HP", 1, ctypes.addressof(instructions))
    peer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
