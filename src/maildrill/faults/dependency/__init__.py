"""Faults of what mail depends on: names, certificates, directories, filters, backups."""
