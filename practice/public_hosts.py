"""Servers that a member names: only public addresses are connected to, so that nobody looks into the network inside."""

import ipaddress
import socket
from typing import Final

from django.conf import settings

PORTS: Final = frozenset({25, 465, 587, 2525})
MAILBOX_PORTS: Final = frozenset({993, 995})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateHostError(OSError):
    """The host has an address that this installation does not connect to."""


def is_public(address: Address) -> bool:
    """Tell whether the address is a public one, also where an IPv6 address carries an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(ipaddress.IPv4Address(address.packed[-4:]))
    return address.is_global and not address.is_multicast and not address.is_reserved


def addresses_of(host: str, port: int, *, ports: frozenset[int] = PORTS) -> list[str]:
    """Return the addresses of a host that may be connected to.

    Raises PrivateHostError when one of them is not public and the installation does not allow that, or the port is
    none of those meant; OSError when the host is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    if settings.MAIL_ALLOW_PRIVATE_HOSTS:
        return addresses
    if port not in ports or not all(is_public(ipaddress.ip_address(one.split("%")[0])) for one in addresses):
        raise PrivateHostError("not a public address, or not a port of mail")
    return addresses
