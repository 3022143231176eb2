"""The audit record in words: one translatable sentence part per verb, one name per kind of object, names of fields.

A new verb needs its line here; until then it is shown as it stands, with dots and underlines as blanks.
"""

from collections.abc import Mapping
from typing import Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, str | Promise]

VERBS: Final[Words] = {
    "practice.created": _("founded the practice"),
    "practice.updated": _("changed the settings"),
    "member.added": _("added a member"),
    "member.joined": _("joined the practice"),
    "member.updated": _("changed a member"),
    "member.renamed": _("changed the own name"),
    "invitation.created": _("invited a person"),
    "invitation.resent": _("sent an invitation again"),
    "invitation.revoked": _("revoked an invitation"),
    "invitation.accepted": _("accepted an invitation"),
    "permission.refused": _("was refused a page"),
    "token.created": _("made an API token"),
    "token.rotated": _("rotated an API token"),
    "token.revoked": _("ended an API token"),
    "logo.changed": _("changed a logo"),
    "logo.removed": _("removed a logo"),
    "sender.webhook_set": _("let a mail provider tell of bounces"),
    "sender.mailbox_set": _("changed the mailbox of returned mails"),
    "mail.tested": _("sent a test mail"),
    "sender.created": _("added a sender identity"),
    "sender.updated": _("changed a sender identity"),
    "sender.deleted": _("removed a sender identity"),
    "sender.made_default": _("made a sender identity the default"),
    "sender.default_ended": _("went back to the installation's sender"),
    "sender.tested": _("sent the test mail of a sender identity"),
    "sender.verified": _("verified a sender identity"),
    "sender.domain_checked": _("looked a sender's domain up"),
    "sender.key_made": _("made a DKIM key"),
    "client.created": _("added a client organisation"),
    "client.updated": _("changed a client organisation"),
    "engagement.created": _("opened an engagement"),
    "engagement.updated": _("changed an engagement"),
    "wave.created": _("made a wave"),
    "wave.repeated": _("made the next wave"),
    "report.sample_requested": _("asked for a sample report"),
    "wave.tried_out": _("sent themselves everything as each audience"),
    "wave.test_deleted": _("deleted test answers"),
    "wave.forms_changed": _("changed the forms of a wave"),
    "wave.sender_chosen": _("chose the sender of a wave"),
    "wave.plan_changed": _("changed the plan of a wave"),
    "wave.text_changed": _("changed a mail text"),
    "wave.text_reset": _("used a built-in mail text again"),
    "mails.paused": _("paused the mails"),
    "mails.resumed": _("let mails leave again"),
    "mails.paced": _("changed how fast mails leave"),
    "round.skipped": _("skipped a round of mails"),
    "round.restored": _("took up a round of mails again"),
    "round.moved": _("moved a round of mails"),
    "person.skipped": _("stopped the mails to a person"),
    "person.unskipped": _("let mails go to a person again"),
    "wave.launched": _("launched a wave"),
    "audience.attributes_set": _("chose what stays with the answers"),
    "audience.profile_offered": _("chose whether people see their own profile"),
    "audience.mode_set": _("chose confidential or named"),
    "audience.opened": _("opened an audience"),
    "audience.paused": _("paused an audience"),
    "audience.stopped": _("stopped the mails of an audience by itself"),
    "audience.resumed": _("resumed an audience"),
    "audience.extended": _("moved the closing day"),
    "audience.closed": _("closed an audience"),
    "audience.released": _("released the answers"),
    "audience.answers_deleted": _("deleted people and answers, as promised"),
    "wave.answers_deleted": _("ended the deletion of answers"),
    "open_link.created": _("made an open link"),
    "open_link.switched_off": _("switched an open link off"),
    "open_link.switched_on": _("switched an open link on"),
    "open_link.renewed": _("gave an open link a new address"),
    "open_link.deleted": _("deleted an open link"),
    "quota.set": _("set a quota of an open link"),
    "quota.removed": _("removed a quota of an open link"),
    "import.uploaded": _("uploaded a list of people"),
    "import.confirmed": _("added people from a list"),
    "person.changed": _("corrected a person"),
    "invitation.sent_again": _("sent a bounced invitation again"),
    "person.suppressed": _("put an address on the list of those not mailed"),
    "person.opted_out": _("recorded that a person is not to be asked any more"),
    "person.opt_out_lifted": _("allowed a person to be asked again"),
    "address.suppressed": _("put an address on the suppression list"),
    "address.allowed": _("took an address off the suppression list"),
    "import.discarded": _("discarded a list of people"),
    "answers.exported": _("exported answers as rows"),
    "answers.uploaded": _("uploaded answers collected elsewhere"),
    "answers.taken_over": _("took over answers collected elsewhere"),
    "answers.discarded": _("discarded an upload of answers"),
    "diagnosis.requested": _("asked for a diagnosis"),
    "diagnosis.restarted": _("restarted a diagnosis"),
    "diagnosis.computed": _("computed a diagnosis"),
    "wave.rules_changed": _("changed the rules of exclusion"),
    "diagnosis.summarised": _("wrote the summary"),
    "finding.accepted": _("accepted a finding"),
    "finding.rejected": _("rejected a finding"),
    "finding.proposed": _("reopened a finding"),
    "comment.picked": _("picked a comment"),
    "comment.hidden": _("hid a comment"),
    "comment.open": _("put a comment back"),
    "action.planned": _("planned an action"),
    "action.accepted": _("accepted an action"),
    "action.updated": _("changed an action"),
    "action.dropped": _("dropped an action"),
    "report.requested": _("asked for a report"),
    "report.made": _("made a report"),
}

OBJECTS: Final[Words] = {
    "practice.practice": _("practice"),
    "practice.member": _("member"),
    "practice.invitation": _("invitation"),
    "practice.apitoken": _("API token"),
    "practice.senderidentity": _("sender identity"),
    "practice.clientorganisation": _("client organisation"),
    "practice.engagement": _("engagement"),
    "surveys.wave": _("wave"),
    "surveys.waveaudience": _("audience"),
    "surveys.suppression": _("suppressed address"),
    "surveys.peopleimport": _("list of people"),
    "surveys.responseimport": _("upload of answers"),
    "diagnosis.diagnosis": _("diagnosis"),
    "diagnosis.finding": _("finding"),
    "diagnosis.action": _("action"),
    "reports.report": _("report"),
}


def verb_words(verb: str) -> str:
    """Return what was done, in words."""
    return str(VERBS.get(verb) or verb.replace(".", " ").replace("_", " "))


def object_words(object_type: str) -> str:
    """Return the kind of an object, in words."""
    return str(OBJECTS.get(object_type) or object_type.rpartition(".")[2])


def field_words(object_type: str, name: str) -> str:
    """Return a field's name as forms show it."""
    try:
        field = apps.get_model(object_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return name.replace("_", " ")
    return str(getattr(field, "verbose_name", name))


def choices_of(words: Words) -> list[tuple[str, str]]:
    """Return the codes with their words for a form, in the order of the words."""
    return sorted(
        ((code, str(capfirst(str(text)))) for code, text in words.items()), key=lambda pair: pair[1]
    )
