"""A practice with one row in every tenant table and a canary in every text field, for the access test."""

import hashlib
import io
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from diagnosis.frames import Frames, pack_frames
from diagnosis.models import Action, Comment, Diagnosis, Finding, Snapshot
from practice import invitations, jobs, logos, services
from practice.enums import Role
from practice.models import Engagement, Job, KeptAnswer, Member, SenderIdentity
from practice.scope import practice_scope
from reports.models import Report
from surveys import links
from surveys.instruments import load_builtin
from surveys.models import (
    Delivery,
    Draft,
    LedgerEntry,
    MailPace,
    OpenLink,
    PeopleImport,
    Quota,
    Recipient,
    Response,
    ResponseIdentity,
    ResponseImport,
    ReturnChannel,
    SpoolEntry,
    Suppression,
    SurveyLink,
    Wave,
    WaveAudience,
    WebhookCall,
)
from tests.factories.documents import sample_result
from tests.factories.practice import found_practice, make_client, make_engagement, make_member

CANARY = "CANARYq7x"
PRACTICE_CANARY = "FIRMq7x"


@dataclass(frozen=True)
class World:
    """What the access test needs of practice A: its people, its secrets and the ids of its rows."""

    owner: Member
    other_viewer: Member
    token_secret: str
    survey_token: str
    ids: dict[str, uuid.UUID]


def plant_world(mode: str = "named") -> World:
    """Found a practice whose first client's every text holds the canary; a viewer belongs to its second client."""
    owner = found_practice(f"{PRACTICE_CANARY} Partners")
    with practice_scope(owner.practice):
        other_viewer = make_member(owner, Role.CLIENT_VIEWER, make_client(owner, "Second client"))
        client = make_client(owner, f"{CANARY} client")
        services.update_client(
            client, actor=owner, sector=CANARY, contact_name=CANARY, contact_email=f"{CANARY}@example.org"
        )
        picture = io.BytesIO()
        Image.new("RGB", (64, 32), "#153e6b").save(picture, "PNG")
        logos.set_logo(client, io.BytesIO(picture.getvalue()), len(picture.getvalue()), actor=owner)
        engagement = make_engagement(owner, client)
        services_name = f"{CANARY} engagement"
        Engagement.objects.filter(pk=engagement.pk).update(name=services_name, question=CANARY)
        engagement.refresh_from_db()
        member = make_member(owner)
        token, secret = services.create_api_token(member=owner, name=CANARY, actor=owner)
        KeptAnswer.objects.create(
            token=token,
            key=CANARY,
            asked=b"x",
            status=200,
            content_type="text/plain",
            content=CANARY.encode(),
        )
        sender = SenderIdentity.objects.create(
            kind="smtp", from_name=CANARY, from_address=f"{CANARY}@example.org", host="mail.example.org"
        )
        ids = {
            "sender_id": sender.pk,
            "client_id": client.pk,
            "engagement_id": engagement.pk,
            "member_id": member.pk,
            "token_id": token.pk,
            "logo_id": client.logo_id,
            "invitation_id": invitations.invite(
                email=f"{CANARY}@example.com", role=Role.CONSULTANT, actor=owner
            ).pk,
        }
        survey_token, more = _plant_survey(owner, engagement, mode)
        ids |= more | _plant_results(owner, engagement, ids | more)
    return World(owner, other_viewer, secret, survey_token, ids)


def _plant_survey(owner: Member, engagement: Engagement, mode: str) -> tuple[str, dict[str, uuid.UUID]]:
    instrument = load_builtin("die-crm")
    wave = Wave.objects.create(
        engagement=engagement,
        name=f"{CANARY} wave",
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
        plan={
            "reminder_days": [4, 9],
            "close_days": 14,
            "mails": {"customers": {"invitation": {"en": {"subject": CANARY, "body": f"{CANARY} {{link}}"}}}},
        },
    )
    now = timezone.now()
    audience = WaveAudience.objects.create(
        wave=wave,
        audience="customers",
        form=instrument.form_for("customers").code,
        mode=mode,
        state="open",
        opens_at=now,
        closes_at=now + timedelta(days=14),
        link_key=links.new_link_key(),
    )
    person = Recipient.objects.create(
        wave_audience=audience,
        email=f"{CANARY}@example.org",
        email_key=f"{CANARY}@example.org".lower(),
        name=CANARY,
        attributes={"region": CANARY},
    )
    survey_token = links.token_for(audience, person)
    SurveyLink.objects.create(wave_audience=audience, recipient=person, digest=links.digest_of(survey_token))
    LedgerEntry.objects.create(wave_audience=audience, recipient=person)
    delivery = Delivery.objects.create(
        wave_audience=audience, recipient=person, round="invitation", due_at=now, message_id=f"<{CANARY}@x>"
    )
    MailPace.objects.create(per_minute=100)
    Draft.objects.create(wave_audience=audience, key=hashlib.sha256(b"x").digest(), sealed=CANARY.encode())
    SpoolEntry.objects.create(wave_audience=audience, sealed=CANARY.encode())
    response = Response.objects.create(
        wave_audience=audience,
        scores=instrument.form(audience.form).blank_scores(),
        record={"texts": {"open": CANARY}},
        attributes={"region": CANARY},
    )
    ResponseIdentity.objects.create(response=response, recipient=person)
    suppressed = Suppression.objects.create(email_key=f"{CANARY}@example.net", reason=CANARY)
    upload = PeopleImport.objects.create(
        wave=wave, filename=f"{CANARY}.csv", rows=[[CANARY]], header=[CANARY], content_hash="0" * 64
    )
    answers = ResponseImport.objects.create(
        wave_audience=audience,
        filename=f"{CANARY}.csv",
        rows=[[CANARY]],
        header=[CANARY],
        mapping={"0": f"attribute:{CANARY}"},
        content_hash="0" * 64,
    )
    channel = ReturnChannel.objects.create(
        sender=SenderIdentity.objects.get(), webhook_secret=CANARY.encode(), mailbox_label=CANARY
    )
    WebhookCall.objects.create(channel=channel, digest=hashlib.sha256(b"x").digest())
    open_channel = WaveAudience.objects.create(
        wave=wave,
        audience="customers",
        channel="open",
        form=audience.form,
        state="open",
        opens_at=now,
        closes_at=now + timedelta(days=14),
        link_key=links.new_link_key(),
    )
    link = OpenLink(wave_audience=open_channel, name=CANARY, attributes={"branch": CANARY})
    link.digest = links.digest_of(links.open_token_for(open_channel, link))
    link.save()
    quota = Quota.objects.create(wave_audience=open_channel, attribute="branch", value=CANARY, most=50)
    return survey_token, {
        "open_link_id": link.pk,
        "quota_id": quota.pk,
        "channel_id": channel.pk,
        "response_import_id": answers.pk,
        "wave_id": wave.pk,
        "audience_id": audience.pk,
        "recipient_id": person.pk,
        "delivery_id": delivery.pk,
        "import_id": upload.pk,
        "suppression_id": suppressed.pk,
    }


def _plant_results(owner: Member, engagement: Engagement, ids: dict[str, uuid.UUID]) -> dict[str, uuid.UUID]:
    wave = Wave.objects.get(pk=ids["wave_id"])
    content, _hash = pack_frames(Frames(CANARY, CANARY, {}))
    snapshot = Snapshot.objects.create(wave=wave, content_hash="0" * 64, content=content)
    diagnosis = Diagnosis.objects.create(
        engagement=engagement,
        wave=wave,
        snapshot=snapshot,
        number=1,
        state="succeeded",
        result={**sample_result(), "notes": [CANARY]},
        summary=CANARY,
        computed_at=timezone.now(),
    )
    finding = Finding.objects.create(
        diagnosis=diagnosis, rank=1, code="I1", stage="implementation", gap="I1", headline=CANARY, text=CANARY,
        evidence={"canary": CANARY}, causes=[CANARY], certainty="clear", note=CANARY,
    )  # fmt: skip
    comment = Comment.objects.create(
        diagnosis=diagnosis, audience="customers", question="V1", position=1, text=CANARY
    )
    action = Action.objects.create(
        engagement=engagement, diagnosis=diagnosis, finding=finding, entry="I1-01", stage="implementation",
        gap="I1", title=CANARY, cause=CANARY, owner=CANARY, effort=1, impact=3, measure=CANARY,
    )  # fmt: skip
    key = default_storage.save(
        f"{owner.practice_id}/reports/{CANARY}.pdf", ContentFile(f"%PDF-{CANARY}".encode())
    )
    report = Report.objects.create(
        engagement=engagement, diagnosis=diagnosis, kind="diagnosis", state="succeeded", title=CANARY,
        storage_key=key, document={"canary": CANARY},
    )  # fmt: skip
    job = Job.objects.create(kind=next(iter(jobs.KINDS)), object_id=report.pk, what=CANARY, state="succeeded")
    return {
        "diagnosis_id": diagnosis.pk,
        "finding_id": finding.pk,
        "comment_id": comment.pk,
        "action_id": action.pk,
        "report_id": report.pk,
        "job_id": job.pk,
    }
