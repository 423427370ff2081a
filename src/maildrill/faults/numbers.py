"""Numbers that programs in nodes say."""

from __future__ import annotations


def number_in(said: bytes, what: str) -> float:
    """The last word a program said, as a number. Raises RuntimeError if it is none.

    On a busy machine the engine may lose what a program said, and a node that cannot fork says that instead.
    """
    text = said.decode(errors="replace").strip()
    try:
        return float((text.split() or [""])[-1])
    except ValueError:
        raise RuntimeError(f"nobody told {what}: {text[-200:]!r}") from None
