"""Endpoints of waves, people, launch, field and mailbox."""
