"""Backup and restore: one archive holds the database, the stored files and a manifest that proves both."""
