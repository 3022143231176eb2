"""Rows of the practice room, made by its own services."""

import itertools

from practice import services
from practice.enums import Role
from practice.models import ClientOrganisation, Engagement, Member, User

numbers = itertools.count(1)


def make_user(name: str = "Ada Consultant") -> User:
    """Create a person with the password `correct horse battery`."""
    return User.objects.create_user(f"person{next(numbers)}@example.org", "correct horse battery", name=name)


def found_practice(name: str, **fields: object) -> Member:
    """Found a practice with its owner; no second factor needed."""
    return services.create_practice(
        name=name, founder=make_user(f"Owner of {name}"), requires_second_factor=False, **fields
    )


def make_client(actor: Member, name: str = "Alpenbank Regional") -> ClientOrganisation:
    """Create a client organisation (scope must be open)."""
    return services.create_client(actor=actor, name=f"{name} {next(numbers)}", sector="Banking")


def make_engagement(actor: Member, client: ClientOrganisation | None = None) -> Engagement:
    """Create an engagement with its client (scope must be open)."""
    return services.create_engagement(
        client=client or make_client(actor),
        name="CRM gap 2026",
        question="Why do customers leave?",
        actor=actor,
    )


def make_member(
    actor: Member, role: str = Role.CONSULTANT, client: ClientOrganisation | None = None
) -> Member:
    """Add another person to the actor's practice (scope must be open)."""
    return services.add_member(
        email=f"person{next(numbers)}@example.org", role=role, client_organisation=client, actor=actor
    )
