"""The properties that continuous integration gets of a drill."""

from __future__ import annotations

from planted_drill import frame_of_drill, run

from maildrill.measure.interval import Censored
from maildrill.measure.result import Counts
from maildrill.report.junit import properties


def test_both_ends_of_a_recovery_time_and_what_became_of_the_mail() -> None:
    result = run(frame_of_drill())
    found = dict(properties(result))
    rta = result.services["inbound"].rta_s
    assert rta is not None
    assert not isinstance(rta, Censored)
    assert (found["inbound.rta_lower_s"], found["inbound.rta_s"]) == (f"{rta.lower:.3f}", f"{rta.upper:.3f}")
    assert {f"ledger.{name}" for name in Counts.model_fields} <= found.keys()
    assert (found["rpa_s"], found["duplicates.protocol"], found["duplicates.system"]) == ("0.000", "0", "0")
    assert result.catch_up_s is not None
    assert found["catch_up_s"] == f"{result.catch_up_s:.3f}"


def test_what_is_not_known_is_not_there() -> None:
    result = run(frame_of_drill()).model_copy(update={"catch_up_s": None})
    assert "catch_up_s" not in dict(properties(result))
