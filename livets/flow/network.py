"""Where nodes may connect: the guard against being sent to the inside of one's own network (SSRF).

A name is resolved once, every address is judged, and the connection goes to an address that was judged: what the name
means a moment later (DNS rebinding) does not matter. Redirects connect through here as well. Knows no HTTP; used by
http.request and the sources.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket

import msgspec

from livets.engine.errors import NodeError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RESOLVE_SECONDS = 10.0


class Forbidden(NodeError):
    """A connection that is not granted."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "forbidden", retryable=False)


class Network(msgspec.Struct, frozen=True):
    """Which hosts and addresses may be reached.

    `public`: any address of the open internet. `hosts`: when given, only these names (`*.example.com` for names below
    one). `private`: what else may be reached although it is not public: "name", "name:port", an address or a network
    such as "10.1.0.0/16".

    >>> Network(private=("127.0.0.1:8000",)).allows("127.0.0.1", 8000, "127.0.0.1")
    True
    >>> Network().allows("localhost", 80, "127.0.0.1")
    False
    """

    public: bool = True
    hosts: tuple[str, ...] | None = None
    private: tuple[str, ...] = ()

    def allows(self, host: str, port: int, address: str) -> bool:
        """Return whether `host`, which resolved to `address`, may be connected to at `port`."""
        host = host.lower().rstrip(".")
        if self.hosts is not None and not any(_is_named(host, pattern) for pattern in self.hosts):
            return False
        found = _plain(address)
        if found is None:
            return False
        if self.public and _is_public(found):
            return True
        return any(_is_entry(entry, host, port, found) for entry in self.private)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve `host` and return its addresses, all of them allowed; raises Forbidden when one is not."""
        try:
            found = await asyncio.wait_for(_resolve(host, port), _RESOLVE_SECONDS)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise NodeError(f"the host {host!r} cannot be found: {error or 'no answer'}", "dns") from error
        refused = [address for address in found if not self.allows(host, port, address)]
        if refused or not found:
            raise Forbidden(
                f"{host}:{port} is not granted (it leads to {', '.join(refused) or 'nothing'}): connections go to "
                f"public addresses unless Grants(network=Network(private=('{host}:{port}',))) says more"
            )
        return found


async def _resolve(host: str, port: int) -> list[str]:
    literal = _literal(host)
    if literal is not None:
        return [str(literal)]
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _plain(address: str) -> Address | None:
    """The address itself, taken out of the forms in which IPv6 wraps an IPv4 one; None when it is malformed."""
    found = _literal(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found.sixtofour is not None:
            return found.sixtofour
        if found.teredo is not None:
            return found.teredo[1]
        if found in _NAT64 or int(found) >> 32 == 0:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if int(found) > 1 else found
    return found


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_named(host: str, pattern: str) -> bool:
    pattern = pattern.lower()
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _is_entry(entry: str, host: str, port: int, address: Address) -> bool:
    network = _network(entry)
    if network is not None:
        return address in network
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit():
        if int(wanted) != port:
            return False
        entry = name
    literal = _literal(entry)
    return address == literal if literal is not None else host == entry.lower()


@functools.lru_cache(1024)
def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
