"""Addresses to listen on, and what they mean for who can connect."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3


def is_unspecified(host: str) -> bool:
    """Whether it stands for all addresses of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def reachable(host: str) -> str:
    """An address to type for one that is listened on: all addresses include this machine's own."""
    if is_unspecified(host):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
