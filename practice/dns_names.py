"""Asking the domain name system: texts, addresses and mail servers of a name, with an answer within seconds."""

import ipaddress
from typing import Any, Final

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings

SECONDS: Final = 4.0
SECONDS_EACH: Final = 2.0


class LookUpError(Exception):
    """The name servers gave no answer, so nothing can be said."""


class Names:
    """One round of questions to the name servers of the installation, or to those of its settings."""

    def __init__(self) -> None:
        servers = [_server(text) for text in settings.MAIL_DNS_SERVERS]
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = servers
        self._resolver.timeout, self._resolver.lifetime = SECONDS_EACH, SECONDS

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name; none when the name or the records do not exist."""
        rows = self._ask(name, "TXT")
        return [b"".join(row.strings).decode(errors="replace") for row in rows]

    def addresses(self, name: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        """Return the addresses of a name, or the address that the text is."""
        try:
            return [ipaddress.ip_address(name)]
        except ValueError:
            rows = [*self._ask(name, "A"), *self._ask(name, "AAAA")]
            return [ipaddress.ip_address(row.address) for row in rows]

    def mail_servers(self, name: str) -> list[str]:
        """Return the names that take mail for a domain."""
        return [str(row.exchange).rstrip(".") for row in self._ask(name, "MX")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise LookUpError(type(error).__name__) from error


def _server(text: str) -> dns.nameserver.Nameserver:
    address, colon, port = text.rpartition(":")
    if not colon or "]" in port or (address.count(":") and not address.startswith("[")):
        address, port = text, "53"
    return dns.nameserver.Do53Nameserver(address.strip("[]"), int(port))
