"""Shared by the tests of the harness."""

from __future__ import annotations
