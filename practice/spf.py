"""SPF (RFC 7208) as far as it is needed to say whether an address may send for a domain."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from practice.dns_names import Names

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_LOOK_UPS: Final = 10
QUALIFIERS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class SpfError(ValueError):
    """The record breaks the rules: unreadable, two of them, or more than ten look-ups."""


@dataclass(slots=True)
class _Round:
    names: Names
    address: Address
    left: int = MOST_LOOK_UPS

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise SpfError("more than ten look-ups")


def record_of(names: Names, domain: str) -> str:
    """Return the SPF record of a domain, or "" ; raises SpfError when there are several."""
    found = [text for text in names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        raise SpfError("several records")
    return found[0] if found else ""


def includes(record: str) -> list[str]:
    """Return the domains whose records a record takes in."""
    terms = [term.lstrip("+").lower() for term in record.split()[1:]]
    return [term.partition(":")[2] for term in terms if term.startswith("include:")]


def result_for(names: Names, domain: str, address: Address) -> str:
    """Return what SPF says of mail from the address: pass, fail, softfail, neutral or none; raises SpfError."""
    return _evaluate(_Round(names, address), domain)


def with_server(record: str, mechanism: str) -> str:
    """Return the record with one mechanism more, in front of what it says of all others."""
    if not record:
        return f"v=spf1 {mechanism} ~all"
    terms = record.split()
    place = next((n for n, term in enumerate(terms) if term.lower().lstrip("+-~?") == "all"), len(terms))
    return " ".join([*terms[:place], mechanism, *terms[place:]])


def _evaluate(asked: _Round, domain: str) -> str:
    record = record_of(asked.names, domain)
    if not record:
        return "none"
    redirect = ""
    for term in record.split()[1:]:
        if "%" in term:
            raise SpfError("a macro")
        if term.lower().startswith("redirect="):
            redirect = term[9:]
        elif "=" not in term.partition(":")[0]:
            qualifier, mechanism = (term[0], term[1:]) if term[0] in QUALIFIERS else ("+", term)
            if _matches(asked, domain, mechanism):
                return QUALIFIERS[qualifier]
    if redirect:
        asked.count()
        return _evaluate(asked, redirect)
    return "neutral"


def _matches(asked: _Round, domain: str, mechanism: str) -> bool:
    name, _colon, value = mechanism.partition(":")
    name, _slash, own_width = name.partition("/")
    name = name.lower()
    if name == "all":
        return True
    if name in {"ip4", "ip6"}:
        return _is_in(asked.address, value)
    asked.count()
    if name == "include":
        return _evaluate(asked, value) == "pass"
    target, _slash, width = value.partition("/")
    target, width = target or domain, width or own_width
    if name == "a":
        return _is_near(asked, target, width)
    if name == "mx":
        return any(_is_near(asked, host, width) for host in asked.names.mail_servers(target)[:MOST_LOOK_UPS])
    if name == "exists":
        return bool(asked.names.addresses(value))
    if name == "ptr":
        return False
    raise SpfError(f"unknown: {name}")


def _is_near(asked: _Round, host: str, width: str) -> bool:
    four, _slashes, six = width.partition("//") if "//" in width else (width, "", "")
    for address in asked.names.addresses(host):
        bits = (six if address.version == 6 else four) or str(address.max_prefixlen)
        if _is_in(asked.address, f"{address}/{bits}"):
            return True
    return False


def _is_in(address: Address, text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SpfError("an address that is none") from error
    return address.version == network.version and address in network
