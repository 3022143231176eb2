"""Writes of the surveys room, one module per noun: waves, launch, people, steering of the field."""
