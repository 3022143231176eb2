"""What the domain name system says of a sender's domain: SPF, DKIM and DMARC, in words and with the records to add."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.dns_names import LookUpError, Names
from practice.enums import SenderKind
from practice.public_hosts import is_public
from practice.spf import SpfError, includes, record_of, result_for, with_server

SPF, DKIM, DMARC = "spf", "dkim", "dmarc"
OK, WARN, BAD, UNKNOWN = "ok", "warn", "bad", "unknown"
PROVIDER_SPF: Final[Mapping[str, str]] = {
    SenderKind.MAILGUN: "mailgun.org",
    SenderKind.POSTMARK: "spf.mtasv.net",
    SenderKind.BREVO: "spf.brevo.com",
}
PROVIDER_SELECTORS: Final[Mapping[str, tuple[str, ...]]] = {
    SenderKind.MAILGUN: ("mx", "smtp", "mta", "k1", "s1", "pic", "krs"),
    SenderKind.POSTMARK: ("pm",),
    SenderKind.BREVO: ("brevo1", "brevo2", "mail"),
}
"""Selectors that providers usually give; another one can be named with the identity."""
WORDS: Final[Mapping[str, str | Promise]] = {
    "spf.may": _("SPF: %(host)s may send for %(domain)s."),
    "spf.none": _("SPF: none set. Add this record, so that %(host)s may send for %(domain)s."),
    "spf.not": _(
        "SPF: %(address)s, an address of %(host)s, may not send for %(domain)s (%(result)s). Change the record."
    ),
    "spf.provider": _("SPF: %(host)s may send for %(domain)s."),
    "spf.no_provider": _(
        "SPF: the record of %(domain)s does not name %(host)s. Mails may still pass by the provider's own return "
        "address; with this record they pass by yours."
    ),
    "spf.broken": _("SPF: the record of %(domain)s breaks the rules (%(why)s), so receivers ignore it."),
    "spf.private": _("SPF: %(host)s has no public address here, so nothing can be said. Ask who runs it."),
    "dkim.signs": _("DKIM: the key %(selector)s is published; mails are signed as %(domain)s."),
    "dkim.missing": _("DKIM: the key is not published yet. Add this record; until it is found, mails leave unsigned."),
    "dkim.other": _("DKIM: another key stands under %(selector)s. Change the record to this one."),
    "dkim.no_key": _("DKIM: there is no key here. Make one, unless your mail server signs with its own."),
    "dkim.provider": _("DKIM: %(host)s signs as %(domain)s; its key %(selector)s is published."),
    "dkim.no_provider": _(
        "DKIM: no key of %(host)s was found for %(domain)s. Add the records that %(host)s shows you, and name the "
        "selector here if it is another one than usual."
    ),
    "dmarc.reject": _("DMARC: set for %(domain)s; receivers refuse mail that is not yours (p=reject)."),
    "dmarc.quarantine": _("DMARC: set for %(domain)s; mail that is not yours goes to spam (p=quarantine)."),
    "dmarc.none": _("DMARC: set for %(domain)s, but it only watches (p=none). Tighten it once all your mail passes."),
    "dmarc.missing": _("DMARC: none set. Large mailbox providers ask for it: add this record."),
    "dmarc.broken": _("DMARC: the record of %(domain)s breaks the rules, so receivers ignore it. Replace it."),
    "unknown": _("%(topic)s: the name servers gave no answer. Try again in a few minutes."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: topic, state, the words by code and what stands in them, and a record to add or change."""

    topic: str
    state: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    record_name: str = ""
    record: str = ""

    @property
    def words(self) -> str:
        """The result as a sentence in the active language."""
        return str(WORDS[self.code]) % self.values


def check_domain(
    domain: str, *, kind: str, host: str, selector: str = "", public_key: str = "", reports_to: str = ""
) -> list[Finding]:
    """Look everything up; `host` sends (for a provider its name), `public_key` is the record of our key, if any."""
    names = Names()
    topics: dict[str, Callable[[], Finding]] = {
        SPF: lambda: _spf(names, domain, kind, host),
        DKIM: lambda: _dkim(names, domain, kind, host, selector, public_key),
        DMARC: lambda: _dmarc(names, domain, reports_to),
    }
    found = []
    for topic, look in topics.items():
        try:
            found.append(look())
        except LookUpError:
            found.append(Finding(topic, UNKNOWN, "unknown", {"topic": topic.upper()}))
    return found


def as_result(findings: list[Finding]) -> dict[str, Any]:
    """Return the findings as they are kept with an identity."""
    return {"findings": [asdict(finding) for finding in findings]}


def findings_of(result: Mapping[str, Any]) -> list[Finding]:
    """Return the findings that are kept with an identity."""
    return [Finding(**row) for row in result.get("findings", [])]


def is_found(result: Mapping[str, Any], topic: str) -> bool:
    """Tell whether the last look-up of a topic went well."""
    return any(finding.topic == topic and finding.state == OK for finding in findings_of(result))


def _spf(names: Names, domain: str, kind: str, host: str) -> Finding:
    values = {"domain": domain, "host": host}
    try:
        record = record_of(names, domain)
        if kind in PROVIDER_SPF:
            wanted = PROVIDER_SPF[kind]
            if wanted in includes(record):
                return Finding(SPF, OK, "spf.provider", values)
            return Finding(
                SPF, WARN, "spf.no_provider", values, domain, with_server(record, f"include:{wanted}")
            )
        addresses = names.addresses(host) if host else []
        if not addresses or not all(is_public(address) for address in addresses):
            return Finding(SPF, UNKNOWN, "spf.private", values)
        for address in addresses:
            result = result_for(names, domain, address)
            if result != "pass":
                code = "spf.not" if record else "spf.none"
                more = {"address": str(address), "result": result}
                return Finding(SPF, BAD, code, values | more, domain, with_server(record, _mechanism(host)))
    except SpfError as error:
        return Finding(SPF, BAD, "spf.broken", values | {"why": str(error)})
    return Finding(SPF, OK, "spf.may", values)


def _mechanism(host: str) -> str:
    try:
        return f"ip{ip_address(host).version}:{host}"
    except ValueError:
        return f"a:{host}"


def _dkim(names: Names, domain: str, kind: str, host: str, selector: str, public_key: str) -> Finding:
    values = {"domain": domain, "host": host, "selector": selector}
    if kind in PROVIDER_SELECTORS:
        for usual in (selector,) if selector else PROVIDER_SELECTORS[kind]:
            if _key_in(names.texts(f"{usual}._domainkey.{domain}")):
                return Finding(DKIM, OK, "dkim.provider", values | {"selector": usual})
        return Finding(DKIM, BAD, "dkim.no_provider", values)
    if not public_key:
        return Finding(DKIM, WARN, "dkim.no_key", values)
    name = f"{selector}._domainkey.{domain}"
    published = _key_in(names.texts(name))
    if not published:
        return Finding(DKIM, BAD, "dkim.missing", values, name, public_key)
    if published != _key_in([public_key]):
        return Finding(DKIM, BAD, "dkim.other", values, name, public_key)
    return Finding(DKIM, OK, "dkim.signs", values)


def _key_in(records: list[str]) -> str:
    """Return the public key of the first record that has one; a withdrawn key is empty."""
    for record in records:
        key = _tags(record).get("p", "")
        if key:
            return "".join(key.split())
    return ""


def _dmarc(names: Names, domain: str, reports_to: str) -> Finding:
    for place in _upwards(domain):
        records = [text for text in names.texts(f"_dmarc.{place}") if text.lower().startswith("v=dmarc1")]
        if not records:
            continue
        tags = _tags(records[0])
        policy = tags.get("p", "").lower()
        if place != domain:
            policy = tags.get("sp", policy).lower()
        values = {"domain": place}
        if len(records) > 1 or policy not in {"none", "quarantine", "reject"}:
            return Finding(DMARC, BAD, "dmarc.broken", values, f"_dmarc.{domain}", _dmarc_record(reports_to))
        return Finding(DMARC, WARN if policy == "none" else OK, f"dmarc.{policy}", values)
    return Finding(
        DMARC, BAD, "dmarc.missing", {"domain": domain}, f"_dmarc.{domain}", _dmarc_record(reports_to)
    )


def _dmarc_record(reports_to: str) -> str:
    return "v=DMARC1; p=none" + (f"; rua=mailto:{reports_to}" if reports_to else "")


def _upwards(domain: str) -> list[str]:
    """Return the domain and those above it, as long as they have two labels."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _sign, value in pairs if name.strip()}
