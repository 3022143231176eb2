"""Costs of the main job, each measured in one run beside its physical limit: `python -m benchmarks [NAME...]`."""
