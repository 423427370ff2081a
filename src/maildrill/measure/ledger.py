"""The ledger: what became of every message. Each offered message gets exactly one class.

Decided in this order: in the final census of its recipient: delivered (ambiguous_delivered if no
attempt was accepted); a bounce came: bounced; found on a volume after the census began: held;
accepted: lost; ambiguous: ambiguous_missing (both unresolved without a whole census of that
mailbox); last outcome permanent: refused_permanent; everything else: refused_temporary.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.result import Counts, Duplicates, Ledger

HEADLINE_STREAMS = ("inbound", "submission", "outbound")
CLASSES = tuple(name for name in Counts.model_fields if name != "offered")


@dataclass(frozen=True)
class Messages:
    """``table``: one row a message. ``copies``: one row a copy found by the final census."""

    table: pl.DataFrame
    copies: pl.DataFrame
    mailboxes_not_whole: list[str]


def _censuses(frames: Frames) -> pl.DataFrame:
    """The last census of each mailbox."""
    return frames["census"].sort("t", "whole", "error").unique("mailbox", keep="last", maintain_order=True)


def _copies(census: pl.DataFrame) -> pl.DataFrame:
    ids = census.select("mailbox", pl.col("ids").alias("id")).explode("id")
    hashes = census.select(pl.col("hashes").alias("found_hash")).explode("found_hash")
    if len(ids) == len(hashes):
        return pl.concat([ids, hashes], how="horizontal").drop_nulls("id")
    return ids.with_columns(found_hash=pl.lit(None, pl.String)).drop_nulls("id")


def _attempts(frames: Frames) -> pl.DataFrame:
    """Per message: accepted and ambiguous attempts, the end of the first accepted, the last outcome."""
    accepted = pl.col("outcome") == "accepted"
    return (
        frames["attempt"]
        .sort("t", "n", "end", "outcome")
        .group_by("id", maintain_order=True)
        .agg(
            accepted_at=pl.col("end").filter(accepted).min(),
            ambiguous=(pl.col("outcome") == "ambiguous").any(),
            last_outcome=pl.col("outcome").last(),
        )
    )


def _held(frames: Frames, after: float | None, before: float | None = None) -> pl.DataFrame:
    """Ids found on volumes from ``after`` on, and before ``before`` (s)."""
    held = frames["held"]
    held = held.filter(pl.col("t") >= after) if after is not None else held.clear()
    if before is not None:
        held = held.filter(pl.col("t") < before)
    return held.select(pl.col("ids").alias("id")).explode("id").drop_nulls().unique().sort("id")


def _first_copies(frames: Frames, offers: pl.DataFrame) -> pl.DataFrame:
    """Per message: when a copy was first seen in its own mailbox, and that copy's UID."""
    own = frames["copy"].join(offers.select("id", "rcpt"), on="id").filter(pl.col("mailbox") == pl.col("rcpt"))
    return (
        own.sort("t", "uid")
        .group_by("id", maintain_order=True)
        .agg(seen_at=pl.col("t").first(), uid=pl.col("uid").first())
    )


def _class() -> pl.Expr:
    accepted = pl.col("accepted_at").is_not_null()
    sure = pl.col("census_whole")
    return (
        pl.when((pl.col("own_copies") > 0) & accepted).then(pl.lit("delivered"))
        .when(pl.col("own_copies") > 0).then(pl.lit("ambiguous_delivered"))
        .when(pl.col("bounced")).then(pl.lit("bounced"))
        .when(pl.col("held")).then(pl.lit("held"))
        .when((accepted | pl.col("ambiguous")) & ~sure).then(pl.lit("unresolved"))
        .when(accepted).then(pl.lit("lost"))
        .when(pl.col("ambiguous")).then(pl.lit("ambiguous_missing"))
        .when(pl.col("last_outcome") == "permanent").then(pl.lit("refused_permanent"))
        .otherwise(pl.lit("refused_temporary"))
    )  # fmt: skip


def trace_messages(frames: Frames) -> Messages:
    """Join everything known about each offered message, and classify it."""
    offers = frames["offer"].unique("id", keep="first", maintain_order=True)
    census = _censuses(frames)
    copies = _copies(census).join(offers.select("id", "rcpt", "hash"), on="id", how="inner")
    own = copies.filter(pl.col("mailbox") == pl.col("rcpt")).group_by("id").agg(own_copies=pl.len())
    whole = census.select(pl.col("mailbox").alias("rcpt"), pl.col("whole").alias("census_whole"), census_at=pl.col("t"))
    bounces = frames["bounce"].select("id").unique().with_columns(bounced=pl.lit(True))
    held = _held(frames, phase_start(frames, "census")).with_columns(held=pl.lit(True))
    table = (
        offers.join(_attempts(frames), on="id", how="left")
        .join(own, on="id", how="left")
        .join(bounces, on="id", how="left")
        .join(held, on="id", how="left")
        .join(whole, on="rcpt", how="left")
        .join(_first_copies(frames, offers), on="id", how="left")
        .with_columns(pl.col("own_copies").fill_null(0).cast(pl.Int64))
        .with_columns(pl.col("bounced", "held", "census_whole", "ambiguous").fill_null(False))
        .with_columns(fate=_class())
        .sort("t", "id")
    )
    return Messages(table, copies, sorted(census.filter(~pl.col("whole"))["mailbox"].to_list()))


def count_classes(table: pl.DataFrame) -> Counts:
    """How many messages are in each class."""
    found: dict[str, int] = dict(table.group_by("fate").len().iter_rows())
    return Counts(offered=len(table), **{name: found.get(name, 0) for name in CLASSES})


def _inversions(table: pl.DataFrame) -> int:
    """Messages of one sender in one mailbox, seen after one that was offered later."""
    seen = table.filter(pl.col("seen_at").is_not_null()).sort("seen_at", "uid", "t", "id")
    latest = pl.col("t").cum_max().over("sender", "rcpt")
    return int(seen.select((pl.col("t") < latest).sum()).item())


def make_ledger(frames: Frames, messages: Messages) -> Ledger:
    """The ledger of the headline streams, of each stream, and of what is true beside the classes."""
    table, copies = messages.table, messages.copies
    main = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS))
    streams = {str(name): count_classes(part) for (name,), part in sorted(table.group_by("stream"))}
    counts = count_classes(main)
    offered = len(frames["offer"].filter(pl.col("stream").is_in(HEADLINE_STREAMS)))
    added_up = sum(getattr(counts, name) for name in CLASSES)
    lost = table.filter(pl.col("fate") == "lost")["id"].sort().to_list()
    settle = _held(frames, phase_start(frames, "settle"), phase_start(frames, "census"))
    return Ledger(
        **(counts.model_dump() | {"offered": offered}),
        identity=added_up == offered and len(table) == len(frames["offer"]),
        accepted=int(main["accepted_at"].is_not_null().sum()),
        held_at_settle=len(settle.join(main, on="id", how="semi")),
        corrupt=int((copies["found_hash"] != copies["hash"]).sum()),
        misdelivered=int((copies["mailbox"] != copies["rcpt"]).sum()),
        order_inversions=_inversions(main),
        lost_all_streams=len(lost),
        lost_ids=lost[:100],
        by_stream=streams,
    )


def count_duplicates(table: pl.DataFrame) -> Duplicates:
    """Extra copies in the right mailbox, by whether an ambiguous attempt explains them."""
    extra = table.filter(pl.col("own_copies") > 1)
    protocol = extra.filter(pl.col("ambiguous"))["own_copies"] - 1
    system = extra.filter(~pl.col("ambiguous"))["own_copies"] - 1
    return Duplicates(protocol=int(protocol.sum()), system=int(system.sum()))
