"""Pure statistics of the diagnosis: arrays in, frozen dataclasses out, no Django, no database."""
