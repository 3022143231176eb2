"""Two waves of one company whose customers answered under their name, most of them twice."""

from diagnosis import services
from diagnosis.models import Diagnosis
from practice.models import Engagement, Member
from surveys.instruments import load_builtin
from surveys.models import Recipient, Response, ResponseIdentity, Wave, WaveAudience
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER, draw_responses
from tests.diagnosis.test_services import compute, make_wave

BRANCHES = ("North", "South", "West")
N_CUSTOMERS = 60
N_STAYED = 45
MIDDLE = 4
"""Nobody leaves anything out, so that every figure rests on everybody."""


def add_customers(wave: Wave, first: int) -> None:
    """Put N_CUSTOMERS customers, numbered from `first` on, in the place of the drawn ones (scope must be open)."""
    audience = WaveAudience.objects.get(wave=wave, audience="customers")
    audience.totals = {"started": N_CUSTOMERS, "finished": N_CUSTOMERS}
    audience.save(update_fields=["totals"])
    Response.objects.filter(wave_audience=audience).delete()
    form = load_builtin(wave.instrument_code).form_for("customers")
    truth = SAMPLE_TRUTH if wave.number == 1 else SAMPLE_TRUTH_LATER
    for place, one in enumerate(draw_responses(form, truth, N_CUSTOMERS, 40 + wave.number)):
        number = first + place
        response = Response.objects.create(
            wave_audience=audience,
            scores=[score if score >= 1 else MIDDLE for score in one.scores],
            record={"choices": one.choices, "texts": one.texts},
            attributes={"branch": BRANCHES[number % len(BRANCHES)]},
            flags=[],
        )
        if audience.mode == "named":
            email = f"person{number}@example.com"
            person = Recipient.objects.create(wave_audience=audience, email=email, email_key=email)
            ResponseIdentity.objects.create(response=response, recipient=person)


def joined_waves(engagement: Engagement, *, modes: tuple[str, str] = ("named", "named")) -> tuple[Wave, Wave]:
    """The earlier and the later wave; N_STAYED customers are in both (scope must be open)."""
    waves = []
    for number, mode in ((2, modes[1]), (1, modes[0])):
        wave = make_wave(engagement, named="customers" if mode == "named" else "")
        Wave.objects.filter(pk=wave.pk).update(number=number, name=f"Wave {number}")
        wave.refresh_from_db()
        add_customers(wave, (number - 1) * (N_CUSTOMERS - N_STAYED))
        waves.append(wave)
    return waves[1], waves[0]


def diagnosed(wave: Wave, owner: Member) -> Diagnosis:
    """Ask for a diagnosis and compute it as the worker does."""
    return compute(services.request_diagnosis(wave, owner))
