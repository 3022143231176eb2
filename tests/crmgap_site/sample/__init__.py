"""Tests of the sample engagement."""
