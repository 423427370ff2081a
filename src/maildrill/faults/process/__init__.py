"""Faults of processes and hosts."""
