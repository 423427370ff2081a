"""Faults of disks and of what lies on them."""
