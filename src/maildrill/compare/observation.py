"""One measured value that may be censored: "> 60 s" is an observation, not a number."""

from __future__ import annotations

from pydantic import Field

from maildrill.measure.part import Part


class Observation(Part):
    """A value, or (``censored``) only the bound it is above; bound 0 s: it was never reached.

    Lower is better everywhere. A censored observation ranks above every number and equal to every
    other censored one: whoever did not come back is never placed before whoever did.
    """

    value: float = Field(ge=0)
    censored: bool = False

    @property
    def rank_key(self) -> tuple[bool, float]:
        """What ranks are made of; equal keys are ties."""
        return self.censored, 0.0 if self.censored else self.value

    @property
    def sort_key(self) -> tuple[bool, float]:
        """A total order that agrees with the ranks; censored ones among themselves by their bound."""
        return self.censored, self.value

    def text(self, unit: str = "s") -> str:
        """For people: "1.20 s", "> 60.00 s", "not reached", "3", "> 0.00 message-min"."""
        if self.censored and self.value == 0 and unit == "s":
            return "not reached"
        number = f"{self.value:.2f}" if unit else f"{self.value:g}"
        return f"{'> ' if self.censored else ''}{number} {unit}".rstrip()


def span_text(best: Observation, worst: Observation, unit: str) -> str:
    """ "0.90 to 12.00 s", with the unit once."""
    first = best.text(unit).removesuffix(unit).rstrip() if not worst.text(unit).startswith("not") else best.text(unit)
    return f"{first} to {worst.text(unit)}"


def ordered(values: list[Observation]) -> list[Observation]:
    """Best first."""
    return sorted(values, key=lambda one: one.sort_key)
