"""The ledger: what became of every message. Each offered message gets exactly one class.

Decided in this order: in the final census of its recipient: delivered (ambiguous_delivered if no
attempt was accepted); a bounce came to its sender: bounced; found after the census began in a queue, or on
the disk of a node that is away: held; accepted: lost; ambiguous: ambiguous_missing (both unresolved without a whole
census of that mailbox, or when accepted, or seen, after the last look began); last outcome permanent:
refused_permanent; everything else: refused_temporary (unresolved without a whole census of that
mailbox, unless the sender is known to have given up). What lies on the disk of a running store and not in the
mailbox no user can read: it is not held.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.result import Counts, Duplicates, Ledger

HEADLINE_STREAMS = ("inbound", "submission", "outbound")
CLASSES = tuple(name for name in Counts.model_fields if name != "offered")


MOST_IDS = 100
STORE, RUNNING = "store", "running"
"""The volume that holds mailboxes, by the name that images give it; a container's state by the engine's name."""


@dataclass(frozen=True)
class Messages:
    """``table``: one row a message, numbered ``m``. ``copies``: one row a copy found by the final census."""

    table: pl.DataFrame
    copies: pl.DataFrame
    mailboxes_not_whole: list[str]


def _offers(frames: Frames) -> pl.DataFrame:
    """The offers, numbered; of an id that was offered twice, the first."""
    offers = frames["offer"]
    if offers["id"].n_unique() < len(offers):
        offers = offers.sort(offers.columns).unique("id", keep="first", maintain_order=True)
    return offers.with_row_index("m")


def _censuses(frames: Frames) -> pl.DataFrame:
    """The last census of each mailbox."""
    return frames["census"].sort("t", "whole", "error").unique("mailbox", keep="last", maintain_order=True)


def _copies(census: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """m, mailbox, found_hash and rcpt, hash as offered, of each copy of a known message."""
    uneven = pl.col("ids").list.len() != pl.col("hashes").list.len()
    unknown = pl.lit(None, pl.String).repeat_by(pl.col("ids").list.len())
    lists = census.select("mailbox", "ids", hashes=pl.when(uneven).then(unknown).otherwise("hashes"))
    found = lists.explode("ids", "hashes").rename({"ids": "id", "hashes": "found_hash"}).drop_nulls("id")
    return found.join(offers.select("id", "m", "rcpt", "hash"), on="id", how="inner").drop("id")


def _attempts(frames: Frames, offers: pl.DataFrame) -> pl.DataFrame:
    """Per message: the end of the first accepted attempt, was one ambiguous or permanent, the last outcome."""
    outcome = pl.col("outcome")
    return (
        frames["attempt"]
        .join(offers.select("id", "m"), on="id", how="inner")
        .select(
            "m", "t", "n", "end", "outcome",
            accepted_at=pl.when(outcome == "accepted").then("end"),
            ambiguous=outcome == "ambiguous",
            permanent=outcome == "permanent",
        )
        .sort("t", "n", "end", "outcome")
        .group_by("m")
        .agg(
            pl.col("accepted_at").min(),
            pl.col("ambiguous", "permanent").max(),
            last_outcome=pl.col("outcome").last(),
        )
    )  # fmt: skip


def _explained(frames: Frames, offers: pl.DataFrame, attempts: pl.DataFrame) -> pl.DataFrame:
    """Per message with ambiguous attempts: how many copies more than one those before the acceptance ``explain``."""
    in_doubt = frames["attempt"].filter(pl.col("outcome") == "ambiguous").join(offers.select("id", "m"), on="id")
    found = in_doubt.select("m", "t").join(attempts.select("m", "accepted_at"), on="m")
    before = pl.col("accepted_at").is_null() | (pl.col("t") <= pl.col("accepted_at"))
    first = pl.col("accepted_at").first().is_null().cast(pl.Int64)
    return found.group_by("m").agg(explains=before.sum().cast(pl.Int64) - first)


def _found(frames: Frames, after: float | None, before: float | None = None) -> pl.DataFrame:
    """What was found on volumes from ``after`` on, and before ``before`` (s)."""
    found = frames["held"]
    found = found.filter(pl.col("t") >= after) if after is not None else found.clear()
    return found.filter(pl.col("t") < before) if before is not None else found


def _ids(found: pl.DataFrame) -> pl.Series:
    return found["ids"].explode().drop_nulls().unique()


def _away(frames: Frames) -> list[str]:
    """Nodes on which a fault was still in force when the census began; at the end of a drill all are healed."""
    began, events = phase_start(frames, "census"), frames["fault"]
    before = events.filter(pl.col("t") < began) if began is not None else events
    open_ = set()
    for *fault, state in before.select("fault", "name", "target", "state").iter_rows():
        if state in ("injected", "injected-again", "effective"):
            open_.add(tuple(fault))
        elif state == "healed":
            open_.discard(tuple(fault))
    return sorted({str(target) for _, _, target in open_})


def _is_stored(frames: Frames) -> pl.Expr:
    """On the disk of a store that serves its users: what is not in their mailboxes there is not on its way."""
    serves = (pl.col("state") == RUNNING) & ~pl.col("node").is_in(_away(frames))
    return (pl.col("volume") == STORE) & serves


def held_ids(frames: Frames, after: float | None, before: float | None = None) -> pl.Series:
    """Ids found in queues, and on disks of nodes that were away, from ``after`` on and before ``before`` (s)."""
    return _ids(_found(frames, after, before).filter(~_is_stored(frames)))


def _first_copies(frames: Frames, offers: pl.DataFrame) -> pl.DataFrame:
    """Per message: when a copy was first seen in its own mailbox, and that copy's UID."""
    own = frames["copy"].join(offers.select("id", "m", "rcpt"), on="id", how="inner")
    own = own.filter(pl.col("mailbox") == pl.col("rcpt")).select("m", "uid", seen_at="t")
    return own.sort("seen_at", "uid").group_by("m").agg(pl.col("seen_at", "uid").first())


def _bounces(frames: Frames, offers: pl.DataFrame) -> pl.DataFrame:
    """Per message whose sender was told that it bounced: that it was, and the gravest status of all its bounces."""
    told = frames["bounce"].join(offers.select("id", "m", "sender"), on="id").filter(_is_to_sender())
    return told.group_by("m").agg(bounce_status=pl.col("status").max()).with_columns(bounced=pl.lit(True))


def _is_to_sender() -> pl.Expr:
    mailbox, sender = (pl.col(name).cast(pl.String).str.to_lowercase() for name in ("mailbox", "sender"))
    return mailbox == sender


def _class() -> pl.Expr:
    accepted = pl.col("accepted_at").is_not_null()
    sure = pl.col("census_whole") & ~pl.col("after_look")
    return (
        pl.when((pl.col("own_copies") > 0) & accepted).then(pl.lit("delivered"))
        .when(pl.col("own_copies") > 0).then(pl.lit("ambiguous_delivered"))
        .when(pl.col("bounced")).then(pl.lit("bounced"))
        .when(pl.col("held")).then(pl.lit("held"))
        .when((accepted | pl.col("ambiguous")) & ~sure).then(pl.lit("unresolved"))
        .when(accepted).then(pl.lit("lost"))
        .when(pl.col("ambiguous")).then(pl.lit("ambiguous_missing"))
        .when(pl.col("last_outcome") == "permanent").then(pl.lit("refused_permanent"))
        .when(~sure & ~pl.col("gave_up")).then(pl.lit("unresolved"))
        .otherwise(pl.lit("refused_temporary"))
    )  # fmt: skip


def _is_after(look: float | None) -> pl.Expr:
    """Whether the message was first accepted, or seen, when the last look at queues and mailboxes had begun (s)."""
    if look is None:
        return pl.lit(False)
    return ((pl.col("accepted_at") >= look) | (pl.col("seen_at") >= look)).fill_null(False)


def trace_messages(frames: Frames) -> Messages:
    """Join everything known about each offered message, and classify it."""
    offers = _offers(frames)
    census = _censuses(frames)
    copies = _copies(census, offers)
    own = copies.filter(pl.col("mailbox") == pl.col("rcpt")).group_by("m").agg(own_copies=pl.len())
    whole = census.select(rcpt="mailbox", census_whole="whole", census_at="t")
    began = phase_start(frames, "census")
    held, queued = held_ids(frames, began), held_ids(frames, float("-inf"), began)
    stored = _ids(_found(frames, began).filter(_is_stored(frames)))
    attempts = _attempts(frames, offers)
    table = (
        offers.join(attempts, on="m", how="left")
        .join(_explained(frames, offers, attempts), on="m", how="left")
        .join(own, on="m", how="left")
        .join(_first_copies(frames, offers), on="m", how="left")
        .join(_bounces(frames, offers), on="m", how="left")
        .join(whole, on="rcpt", how="left")
        .with_columns(
            pl.col("own_copies", "explains").fill_null(0).cast(pl.Int64),
            pl.col("bounced", "census_whole", "ambiguous", "permanent").fill_null(False),
            gave_up=pl.col("id").is_in(frames["gave-up"]["id"].implode()),
            held=pl.col("id").is_in(held.implode()),
            held_before=pl.col("id").is_in(queued.implode()),
            on_disk=pl.col("id").is_in(stored.implode()),
            after_look=_is_after(began),
        )
        .with_columns(fate=_class().cast(pl.Categorical))
    )
    return Messages(table, copies, sorted(census.filter(~pl.col("whole"))["mailbox"].to_list()))


def count_classes(table: pl.DataFrame) -> Counts:
    """How many messages are in each class."""
    found: dict[str, int] = dict(table.group_by("fate").len().iter_rows())
    return Counts(offered=len(table), **{name: found.get(name, 0) for name in CLASSES})


def _inverted(table: pl.DataFrame) -> pl.DataFrame:
    """Messages of one sender in one mailbox, seen after one that was offered only when they were accepted already."""
    seen = table.filter(pl.col("seen_at").is_not_null() & pl.col("accepted_at").is_not_null())
    seen = seen.select("seen_at", "uid", "t", "id", "sender", "rcpt", "accepted_at").sort("seen_at", "uid", "t", "id")
    return seen.filter(pl.col("accepted_at") < pl.col("t").cum_max().over("sender", "rcpt"))


def _defects(messages: Messages) -> dict[str, pl.Series]:
    """Ids of what should not have happened, beside the classes, all streams.

    Every recipient of a drill exists, so each permanent refusal is false, and so is each bounce: with a
    permanent status (RFC 3463: 5.x.x) it is a false rejection, with any other, or 5.4.7 (delivery time
    expired), it is premature. ``silently_expired``: lost, and seen in a queue before.
    """
    table, copies = messages.table, messages.copies
    bounced, status = pl.col("bounced"), pl.col("bounce_status")
    final = (status.str.starts_with("5.") & (status != "5.4.7")).fill_null(False)
    extra = pl.col("own_copies") > 1

    def ids(condition: pl.Expr) -> pl.Series:
        return table.filter(condition)["id"]

    def ids_of(some: pl.DataFrame) -> pl.Series:
        return table.join(some.select("m"), on="m", how="semi")["id"] if len(some) else table["id"].clear()

    return {
        "false_rejections": ids(pl.col("permanent") | (bounced & final)),
        "premature_bounces": ids(bounced & ~final),
        "silently_expired": ids((pl.col("fate") == "lost") & pl.col("held_before")),
        "corrupt": ids_of(copies.filter(pl.col("found_hash") != pl.col("hash"))),
        "misdelivered": ids_of(copies.filter(pl.col("mailbox") != pl.col("rcpt"))),
        "duplicates_protocol": ids(extra & (pl.col("explains") > 0)),
        "duplicates_system": ids(pl.col("own_copies") - 1 > pl.col("explains")),
    }


def _first(ids: pl.Series) -> list[str]:
    return [str(id) for id in ids.bottom_k(MOST_IDS).sort()]


def ids_by_name(messages: Messages) -> dict[str, pl.Series]:
    """The ids of each class but the delivered ones, and of each defect, all streams."""
    table = messages.table
    classes = {name: table.filter(pl.col("fate") == name)["id"] for name in CLASSES if "delivered" not in name}
    return classes | _defects(messages) | {"order_inversions": _inverted(table)["id"]}


def make_ledger(frames: Frames, messages: Messages) -> Ledger:
    """The ledger of the headline streams, of each stream, and of what is true beside the classes."""
    table, copies = messages.table, messages.copies
    main = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS))
    streams = {str(name): count_classes(part) for (name,), part in table.select("stream", "fate").group_by("stream")}
    counts = count_classes(main)
    offered = len(frames["offer"].filter(pl.col("stream").is_in(HEADLINE_STREAMS)))
    added_up = sum(getattr(counts, name) for name in CLASSES)
    named = ids_by_name(messages)
    settle = held_ids(frames, phase_start(frames, "settle"), phase_start(frames, "census"))
    return Ledger(
        **(counts.model_dump() | {"offered": offered}),
        identity=added_up == offered and len(table) == len(frames["offer"]),
        accepted=int(main["accepted_at"].is_not_null().sum()),
        held_at_settle=int(main["id"].is_in(settle.implode()).sum()),
        corrupt=int((copies["found_hash"] != copies["hash"]).sum()),
        misdelivered=int((copies["mailbox"] != copies["rcpt"]).sum()),
        order_inversions=len(_inverted(main)),
        false_rejections=len(named["false_rejections"]),
        premature_bounces=len(named["premature_bounces"]),
        silently_expired=len(named["silently_expired"]),
        lost_all_streams=len(named["lost"]),
        lost_on_disk=int(table.filter(pl.col("fate") == "lost")["on_disk"].sum()),
        ids={name: _first(ids) for name, ids in sorted(named.items()) if len(ids)},
        by_stream=dict(sorted(streams.items())),
    )


def count_duplicates(table: pl.DataFrame) -> Duplicates:
    """Extra copies in the right mailbox: one for each ambiguous attempt before is explained by it, no more."""
    extra = table.filter(pl.col("own_copies") > 1).select("explains", extra=pl.col("own_copies") - 1)
    protocol = int(extra.select(pl.min_horizontal("extra", "explains").sum()).item() or 0)
    return Duplicates(protocol=protocol, system=int(extra["extra"].sum()) - protocol)
