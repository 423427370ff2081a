"""A result in about a dozen lines of terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from maildrill.measure.balance import is_shared, told
from maildrill.measure.replica_words import sentences
from maildrill.measure.result import Result
from maildrill.report.html import old_mail_text, rpa_text, rta_text, sessions_text, state_text
from maildrill.times import seconds

_STYLE = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow", "none": "dim"}
MOST_DIAGNOSTICS = 6


def terminal(result: Result) -> RenderableType:
    """Verdict, services, mail, diagnostics."""
    lines = [Text.assemble((result.verdict.upper(), _STYLE[result.verdict]), f": {result.headline}.")]
    for name, service in result.services.items():
        goal = f"RTO {service.rto_s:g} s" if service.rto_s is not None else "no objective"
        lines.append(
            Text.assemble(f"  {name:<11}{rta_text(service):<22}{goal:<14}", (service.verdict, _STYLE[service.verdict]))
        )
    ledger, twice = result.ledger, result.duplicates
    lines.append(
        Text(
            f"  mail       accepted {ledger.accepted} of {ledger.offered}, held {ledger.held}; mail of probes included:"
            f" lost {ledger.lost_all_streams}, duplicates {twice.protocol} protocol {twice.system} system"
        )
    )
    lines.append(Text(f"  recovery   point {rpa_text(result)}"))
    if old := old_mail_text(result):
        lines.append(Text(f"  old mail   {old}"))
    lines.append(Text(f"  backlog    visible after {seconds(result.catch_up_s)}"))
    if result.replicas:
        lines.append(Text(f"  replicas   {'; '.join(sentences(result.replicas))}"))
    lines += [Text(f"  balance    {told(one)}") for one in result.balance if is_shared(one)]
    if result.sessions.watched:
        lines.append(Text(f"  sessions   {sessions_text(result.sessions)}"))
    if any(part.acknowledged for part in (result.state.flags, result.state.moves, result.state.deletions)):
        lines.append(Text(f"  state      {state_text(result)}"))
    for text in result.not_measured:
        lines.append(Text(f"  not seen   {text}"))
    for found in result.diagnostics[:MOST_DIAGNOSTICS]:
        lines.append(Text.assemble("  ", (found.code, "bold"), f" {found.message}"))
    if len(result.diagnostics) > MOST_DIAGNOSTICS:
        lines.append(Text(f"  and {len(result.diagnostics) - MOST_DIAGNOSTICS} more in result.json"))
    return Group(*lines)
