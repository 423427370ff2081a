"""certificate-expired: the server's certificate ran out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from pydantic import Field

from maildrill.faults.dependency.certificate import Certificate
from maildrill.scenario.model import Strict

LIFETIME = timedelta(days=90)


class CertificateExpired(Certificate):
    """Every server of the node shows a certificate that has expired.

    Clients that verify (readers, submission) refuse; other mail servers, which encrypt opportunistically
    (RFC 7435), do not mind.
    """

    kind = "certificate-expired"
    stands_for = (
        "a renewal that failed without anyone noticing, a renewed certificate that was never reloaded. Ericsson's "
        "software at O2, 6 December 2018: millions without mobile data for a day; Microsoft Teams, 3 February 2020"
    )

    class Parameters(Strict):
        """Since when."""

        days: float = Field(1.0, gt=0, le=3650, description="how long ago it expired, days")

    def issue(self, authority: trustme.CA, names: list[str]) -> trustme.LeafCert:
        """One that was valid for 90 days."""
        end = datetime.now(UTC) - timedelta(days=self.asked.days)
        return authority.issue_cert(*names, not_before=end - LIFETIME, not_after=end)

    def is_wrong(self, shown: x509.Certificate) -> bool:
        """Whether its time is over."""
        return shown.not_valid_after_utc < datetime.now(UTC)
