"""Tests of the self-test's own parts."""
