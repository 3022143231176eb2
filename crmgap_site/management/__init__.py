"""Commands above the rooms."""
