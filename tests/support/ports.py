"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on right now.

    Another process may take it before its user does; whoever starts a server on it checks that the server came up.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def reserved_port() -> socket.socket:
    """A socket that holds a free port while it is open: nobody is given that port, but a server may be told it.

    Servers bind with SO_REUSEADDR, which lets them have an address that is bound in this way and not listened on.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.bind((HOST, 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def answers(port: int, timeout_s: float = 0.2) -> bool:
    """Whether somebody accepts connections on `port`."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout_s):
            return True
    except OSError:
        return False
