"""The main job done from outside, by HTTP only: from signing up to both documents in PDF."""

from crmgap_site.selftest.run import main

__all__ = ["main"]
