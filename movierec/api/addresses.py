"""Client address of a request, also behind proxies. `X-Forwarded-For` is read only from trusted proxies."""

from __future__ import annotations

import functools
import ipaddress

from aiohttp import web

from movierec.api.services import SERVICES

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


def client_address(request: web.Request) -> str:
    """Return the address of the client: the peer's own unless a trusted proxy forwards another one."""
    peer = _parsed(request.remote or "")
    if peer is None:
        return request.remote or ""
    return str(_forwarded(request, peer) if _is_trusted(request, peer) else peer)


def throttled_address(request: web.Request) -> str | None:
    """Return the address to count attempts for; None for clients on this machine that use no proxy."""
    peer = _parsed(request.remote or "")
    if peer is None or (peer.is_loopback and not _is_trusted(request, peer)):
        return None
    return client_address(request)


def _forwarded(request: web.Request, peer: Address) -> Address:
    """Return the last address that is not a trusted proxy. The client can forge all addresses before it."""
    nearest = peer
    chain = ",".join(request.headers.getall("X-Forwarded-For", []))
    for text in reversed(chain.split(",")):
        address = _parsed(text.strip())
        if address is None:
            return nearest
        if not _is_trusted(request, address):
            return address
        nearest = address
    return nearest


def _is_trusted(request: web.Request, address: Address) -> bool:
    networks = _networks(request.app[SERVICES].settings.server.trusted_proxies)
    return any(address in network for network in networks)


@functools.lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> Networks:
    return tuple(ipaddress.ip_network(text) for text in texts)


def _parsed(text: str) -> Address | None:
    """Parse an address; IPv4-mapped IPv6 becomes IPv4. Returns None for other text."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
