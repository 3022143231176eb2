"""Endpoints of diagnoses, findings and actions."""
