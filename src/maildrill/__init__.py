"""maildrill: disaster drills for mail clusters."""

__version__ = "0.1.0"
