"""Mail of before the disaster: when each mailbox had it again, and what the last look found, on generated histories."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from planted_drill import census, frame_of_drill, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import Attempt, Census, Copy, Fault, Offer, Start
from maildrill.journal.mailbox_events import Recall
from maildrill.measure.frames import load_frames
from maildrill.measure.interval import Interval
from maildrill.measure.ledger import trace_messages
from maildrill.measure.mailboxes import OldMail
from maildrill.measure.old_mail import measure_old_mail
from maildrill.measure.result import FaultLife, RecoveryStep, Result
from maildrill.report.html import old_mail_text

WIPED = FaultLife(kind="volume-wiped", target="mail1", name="w", requested_at=9.0, effective_at=10.0)
EARLIER = FaultLife(kind="corrupt-bytes", target="offsite", name="c", requested_at=3.0, effective_at=4.0)
LOOKS = st.lists(st.booleans(), min_size=1, max_size=12)


def measured(events: list[Event], faults: list[FaultLife], steps: list[RecoveryStep] | None = None) -> OldMail | None:
    frames = load_frames(["".join(event.line() + "\n" for event in events).encode()])
    return measure_old_mail(frames, trace_messages(frames), faults, steps or [])


def looks(account: str, answers: list[bool], begin: float = 11.0) -> list[Event]:
    """One look a second, each taking 0.3 s."""
    return [
        Recall(begin + n, account, "m0", begin + n, begin + n + 0.3, ok, "" if ok else "not among 0 messages")
        for n, ok in enumerate(answers)
    ]


def seen(old: OldMail | None) -> OldMail:
    assert old is not None
    return old


@settings(max_examples=100, deadline=None)
@given(boxes=st.lists(LOOKS, min_size=1, max_size=4), seed=st.integers(0, 9))
def test_a_mailbox_is_back_with_the_first_success_after_the_last_failure(boxes: list[list[bool]], seed: int) -> None:
    events = [event for n, answers in enumerate(boxes) for event in looks(f"user{n}", answers)]
    old = seen(measured(events, [WIPED]))
    failed = [answers for answers in boxes if False in answers]
    last_failures = [len(answers) - 1 - answers[::-1].index(False) for answers in failed]
    back = sorted(n for n, answers in zip(last_failures, failed, strict=True) if n < len(answers) - 1)
    assert (old.watched, old.lost_sight, old.not_back) == (len(boxes), len(failed), len(failed) - len(back))
    spans = [(round(i.lower, 6), round(i.upper, 6)) for i in (old.first_back_s, old.last_back_s) if i]
    wanted = [(n + 1.0, round(n + 2.3, 6)) for n in (back[0], back[-1])] if back else []
    assert spans == (wanted if len(back) == len(failed) else wanted[:1])
    random.Random(seed).shuffle(events)
    assert measured(events, [WIPED]) == old


def test_a_look_that_failed_before_any_fault_is_not_the_disasters() -> None:
    assert seen(measured(looks("u", [False, False], begin=2.0), [WIPED])).lost_sight == 0


def test_it_counts_from_the_fault_that_took_the_mail_not_from_an_earlier_one() -> None:
    old = seen(measured(looks("u", [True, False, True], begin=10.0), [EARLIER, WIPED]))
    assert old.first_back_s == Interval(lower=1.0, upper=2.3000000000000007)


BESIDE = FaultLife(kind="freeze", target="dns1", name="f", requested_at=11.1, effective_at=11.2)
SLOW = FaultLife(kind="store-lost", target="mail1", name="s", requested_at=9.0, effective_at=13.0)
NEXT = FaultLife(kind="kill", target="mx1", name="k", requested_at=12.5, effective_at=12.6)


def test_a_fault_that_came_later_does_not_take_over_the_loss() -> None:
    """It was asked for while the first look failed: the upper bound is counted from the first, the lower from it."""
    old = seen(measured(looks("u", [False, True]), [WIPED, BESIDE]))
    assert old.first_back_s is not None
    assert (old.first_back_s.lower, round(old.first_back_s.upper, 6)) == (0.0, 2.3)


def test_the_loss_is_counted_from_its_first_failure_if_the_effect_was_proven_later() -> None:
    old = seen(measured(looks("u", [True, False, True, True], begin=9.5), [SLOW, NEXT]))
    assert old.first_back_s is not None
    assert (old.first_back_s.lower, round(old.first_back_s.upper, 6)) == (0.0, 1.3)


def test_without_a_fault_in_effect_there_is_nothing_to_say() -> None:
    asked = FaultLife(kind="kill", target="x", name="k", requested_at=1.0)
    assert measured(looks("u", [False]), [asked]) is None


def test_the_age_of_the_snapshot_is_taken_at_the_disaster() -> None:
    start = Start(0.0, 1, "d", "s", "c", 1, "2026-11-24T16:00:00.500+00:00")
    step = RecoveryStep(
        action="command", name="restore", target="mail1", requested_at=12.0, done_at=13.0,
        detail="exit code 0: restored from offsite, snapshot ab12 taken 2026-11-24T17:00:03.75012345+01:00: 9 files",
    )  # fmt: skip
    old = seen(measured([start], [EARLIER, WIPED], [step]))
    assert old.snapshot_age_s is not None
    assert round(old.snapshot_age_s, 3) == 6.75


@settings(deadline=None)
@given(fates=st.lists(st.sampled_from(["right", "wrong", "missing", "late"]), max_size=12))
def test_every_message_seen_before_is_found_right_or_wrong_or_missing(fates: list[str]) -> None:
    events: list[Event] = []
    found: list[tuple[str, str]] = []
    for n, fate in enumerate(fates):
        t = 9.5 if fate == "late" else 2.0
        events += [
            Offer(t - 0.5, f"m{n}", "inbound", "s@x.test", "u@x.test", 500, "h", 0.0),
            Attempt(t - 0.5, f"m{n}", 1, "mx", t - 0.4, None, "accepted", 250, ""),
            Copy(t, f"m{n}", "u@x.test", n, 1, "h"),
        ]
        found += [] if fate == "missing" else [(f"m{n}", "x" if fate == "wrong" else "h")]
    ids, hashes = [id for id, _ in found], [hash for _, hash in found]
    events.append(Census(30.0, "u@x.test", True, "", ids, list(range(len(ids))), hashes))
    old = seen(measured(events, [WIPED]))
    counts: dict[str, Any] = {name: fates.count(name) for name in ("right", "wrong", "missing")}
    assert {name: getattr(old, name) for name in counts} == counts
    assert old.checked == sum(counts.values())


def judged(answers: list[bool], rto: str) -> Result:
    """A healthy drill in which one user looked for old mail from 8 s on."""
    events = [*frame_of_drill(None), Fault(12.5, "kill", "k1", "mx1", "healed", ""), *census({})]
    return run([*events, *looks("u", answers, begin=8.0)], scenario(premature_bounces=0, old_mail={"rto": rto}))


def test_old_mail_that_is_back_too_late_or_never_is_a_missed_objective() -> None:
    assert judged([True, True], "1s").verdict == "pass"
    assert judged([False, False, True], "20s").verdict == "pass"
    late = judged([False, False, True], "1s")
    (found,) = late.diagnostics
    assert (late.verdict, found.code, found.about) == ("fail", "OBJECTIVE_MISSED", "old_mail")
    assert "over its RTO of 1 s" in found.message
    never = judged([True, False], "1s")
    assert never.verdict == "fail"
    assert "1 of 1 mailboxes never had their old mail back" in never.diagnostics[0].message
    unknown = judged([True, False], "20s")
    assert (unknown.verdict, [one.code for one in unknown.diagnostics]) == ("inconclusive", ["HORIZON_TOO_SHORT"])


def test_old_mail_that_nobody_looked_for_is_no_pass() -> None:
    unseen = judged([], "20s")
    assert unseen.verdict == "inconclusive"
    assert [found.code for found in unseen.diagnostics] == ["NOT_OBSERVED"]


def test_the_report_says_when_the_mail_of_before_was_back() -> None:
    text = old_mail_text(judged([False, False, True], "20s"))
    assert text.startswith("1 of 1 mailboxes without their old mail, the first readable after")
    assert old_mail_text(judged([True, True], "20s")) == ""
