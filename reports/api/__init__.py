"""Endpoints of documents and their files."""
