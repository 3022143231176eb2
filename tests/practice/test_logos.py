"""Logos: pictures by content only, small and clean at rest, shown to those who may see them and to nobody else."""

import base64
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from practice import logos
from practice.enums import Role
from practice.logo_image import read_logo
from practice.models import AuditEntry, ClientOrganisation, Member, Practice
from practice.scope import practice_scope
from reports.exceptions import RenderError
from reports.rendering import render_pdf
from surveys import links
from surveys.models import WaveAudience
from tests.factories.practice import make_client, make_member
from tests.factories.surveys import make_launched_wave

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1/"/><script>alert(1)</script></svg>'
NAMES = ["../../etc/passwd", 'a".html', "x" * 296 + ".png", "报告.png", "logo.png\r\nX-Evil: 1"]


def picture(
    kind: str = "PNG", size: tuple[int, int] = (300, 120), mode: str = "RGB", **options: Any
) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def huge_png(side: int = 20_000) -> bytes:
    """Return a true black-and-white PNG of side x side pixels in a few kilobytes."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer, rows = zlib.compressobj(9), b""
    row = bytes(side // 8 + 1)
    for _number in range(side):
        rows += packer.compress(row)
    rows += packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def upload(owner: Member, content: bytes, name: str = "logo.png", browser: Client | None = None) -> Any:
    file = SimpleUploadedFile("x", content, content_type="image/png")
    file._name = name  # type: ignore[attr-defined]  # a hostile client's name, not Django's cleaned one
    return (browser or signed_in(owner)).post(
        f"/p/{owner.practice.slug}/settings/brand/logo/", {"logo": file}
    )


def logo_of(owner: Member) -> Any:
    with practice_scope(owner.practice):
        return Practice.objects.get(pk=owner.practice_id).logo_id


def complaint(answer: Any) -> str:
    assert answer.status_code == 422
    page: str = answer.content.decode()
    return page.split('id="id_logo_error"', 1)[1].split("</ul>", 1)[0]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (SVG, "logo.svg", "SVG, EPS or HTML"),
        (SVG, "logo.png", "SVG, EPS or HTML"),
        (b"<!doctype html><script>alert(1)</script>", "logo.png", "SVG, EPS or HTML"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "logo.png", "SVG, EPS or HTML"),
        (b"", "logo.png", "The file is empty"),
        (b"GIF89a" + bytes(40), "logo.gif", "not a PNG, JPEG or WebP"),
        (picture("BMP"), "logo.png", "not a PNG, JPEG or WebP"),
        (picture("TIFF"), "logo.png", "not a PNG, JPEG or WebP"),
        (picture()[:900], "logo.png", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024), "logo.png", "a logo may have 2 MB"),
        (picture(size=(4001, 20)), "logo.png", "at most 4,000"),
        (huge_png(12_000), "logo.png", "at most 4,000"),
        (picture(size=(300, 8)), "logo.png", "at least 16"),
    ],
)
def test_o40_o41_other_content_is_refused_whatever_its_name(
    content: bytes, name: str, words: str, owner_a: Member
) -> None:
    assert words in complaint(upload(owner_a, content, name))
    assert logo_of(owner_a) is None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (picture("PNG"), "logo.jpg"),
        (picture("JPEG"), "logo.png"),
        (picture("WEBP"), "logo.html"),
        (picture("PNG", mode="1"), "one-bit.png"),
        (picture("PNG", mode="I;16"), "sixteen-bit.png"),
        (picture("PNG", mode="P"), "palette.png"),
        (picture("JPEG", mode="CMYK"), "print.jpg"),
        (picture("PNG", size=(4000, 100)), "wide.png"),
    ],
)
def test_o41_pictures_are_known_by_content_and_kept_small(content: bytes, name: str, owner_a: Member) -> None:
    assert upload(owner_a, content, name).status_code == 302
    stored = logos.read_file(owner_a.practice_id, logo_of(owner_a))
    assert stored is not None
    assert len(stored) <= 64 * 1024
    image = Image.open(io.BytesIO(stored), formats=["PNG"])
    assert image.width <= 480
    assert image.height <= 240


def test_what_hides_in_a_picture_does_not_survive(owner_a: Member) -> None:
    content = picture("JPEG", exif=b"Exif\x00\x00II*\x00secret-place") + b"<script>alert(1)</script>"
    upload(owner_a, content)
    stored = logos.read_file(owner_a.practice_id, logo_of(owner_a)) or b""
    assert b"secret-place" not in stored
    assert b"script" not in stored


def test_o42_a_picture_of_400_million_pixels_is_refused_at_once(owner_a: Member, tmp_path: Path) -> None:
    file = tmp_path / "huge.png"
    file.write_bytes(huge_png())
    assert file.stat().st_size < 100_000
    assert "at most 4,000 on each side" in complaint(upload(owner_a, file.read_bytes()))
    program = """
import io, resource, sys, time
from django.conf import settings
settings.configure(USE_I18N=False)
from practice.exceptions import InvalidInputError
from practice.logo_image import read_logo
content = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
try:
    read_logo(io.BytesIO(content), len(content))
except InvalidInputError:
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, kilobytes = map(float, done.stdout.split())
    assert seconds < 1
    assert kilobytes < 100 * 1024


@pytest.mark.parametrize("name", NAMES)
def test_o43_the_name_of_the_file_reaches_nothing(name: str, owner_a: Member, settings: Any) -> None:
    browser = signed_in(owner_a)
    assert upload(owner_a, picture(), name, browser).status_code == 302
    logo_id = logo_of(owner_a)
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert files == [Path(settings.MEDIA_ROOT) / str(owner_a.practice_id) / "logos" / f"{logo_id}.png"]
    answer = browser.get(f"/p/{owner_a.practice.slug}/logo/{logo_id}/")
    assert answer.headers["Content-Disposition"] == 'inline; filename="logo.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "image/png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_logos_are_seen_within_the_practice_and_by_its_own_viewers(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice):
        mine, other = make_client(owner_a), make_client(owner_a)
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, mine)
        for owner in (mine, other, owner_a.practice):
            content = picture()
            logos.set_logo(owner, io.BytesIO(content), len(content), actor=owner_a)
    base = f"/p/{owner_a.practice.slug}/logo/"
    for logo_id, status in ((mine.logo_id, 200), (owner_a.practice.logo_id, 200), (other.logo_id, 404)):
        assert signed_in(viewer).get(f"{base}{logo_id}/").status_code == status
        assert signed_in(owner_a).get(f"{base}{logo_id}/").status_code == 200
        assert signed_in(owner_b).get(f"{base}{logo_id}/").status_code == 404
        assert signed_in(owner_b).get(f"/p/{owner_b.practice.slug}/logo/{logo_id}/").status_code == 404
        assert Client().get(f"{base}{logo_id}/").status_code == 302


def test_replacing_and_removing_deletes_the_file_and_is_on_record(
    owner_a: Member, django_capture_on_commit_callbacks: Any
) -> None:
    browser = signed_in(owner_a)
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    url = f"/p/{owner_a.practice.slug}/clients/{client.pk}/logo/"
    names = []
    for posted in ({"logo": SimpleUploadedFile("a.png", picture())}, {"remove": "1"}):
        with django_capture_on_commit_callbacks(execute=True):
            assert browser.post(url, posted).status_code == 302
        with practice_scope(owner_a.practice):
            logo_id = ClientOrganisation.objects.get(pk=client.pk).logo_id
        names.append(logos.storage_name(owner_a.practice_id, logo_id) if logo_id else "")
    assert names[0]
    assert not names[1]
    assert not default_storage.exists(names[0])
    with practice_scope(owner_a.practice):
        assert list(AuditEntry.objects.values_list("verb", flat=True)[:2]) == ["logo.removed", "logo.changed"]
    answer = browser.post(url, {"logo": SimpleUploadedFile("a.png", SVG)})
    assert "SVG, EPS or HTML" in complaint(answer)


@pytest.mark.parametrize("role", [Role.CONSULTANT, Role.ANALYST])
def test_only_owners_set_the_practices_logo(role: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        member = make_member(owner_a, role)
    member.practice = owner_a.practice
    assert upload(member, picture()).status_code == 403
    assert logo_of(owner_a) is None


def test_survey_pages_show_the_logos_by_an_address_that_tells_nothing(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=6)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        token = links.token_for(audience, audience.recipients.first())
        client = wave.engagement.client_organisation
        for owner in (client, owner_a.practice):
            content = picture()
            logos.set_logo(owner, io.BytesIO(content), len(content), actor=owner_a)
    page = Client().get(f"/s/{token}/").content.decode()
    for logo_id in (client.logo_id, owner_a.practice.logo_id):
        assert f'src="/s/logo/{logo_id}/"' in page
        answer = Client().get(f"/s/logo/{logo_id}/")
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not answer.cookies
        told = str(answer.headers)
        assert not any(
            word in told for word in (str(owner_a.practice_id), client.name, owner_a.practice.name)
        )
    unknown = Client().get("/s/logo/00000000-0000-4000-8000-000000000000/")
    assert (unknown.status_code, unknown.content) == (404, Client().get("/s/nothing/").content)
    assert Client().post(f"/s/logo/{client.logo_id}/").status_code == 405


def test_documents_carry_named_logos_and_no_others() -> None:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title></head><body><h1>x</h1>'
        '<p><img src="asset:logo/{}" alt="Logo"></p></body></html>'
    )
    content = read_logo(io.BytesIO(picture()), 1).content
    pdf = render_pdf(page.format("client"), {}, {"client": base64.b64encode(content).decode()})
    assert pdf.n_pages == 1
    assert b"/Image" in pdf.content
    with pytest.raises(RenderError):
        render_pdf(page.format("other"), {}, {"client": base64.b64encode(content).decode()})
