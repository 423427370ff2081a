"""certificate-not-yet-valid: the server's certificate begins in the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from pydantic import Field

from maildrill.faults.dependency.certificate import Certificate
from maildrill.scenario.model import Strict

LIFETIME = timedelta(days=90)


class CertificateNotYetValid(Certificate):
    """Every server of the node shows a certificate that is not valid yet."""

    kind = "certificate-not-yet-valid"
    stands_for = "a certificate issued by a machine whose clock is ahead, a renewal installed too early"

    class Parameters(Strict):
        """From when on."""

        days: float = Field(1.0, gt=0, le=3650, description="how far ahead its beginning is, days")

    def issue(self, authority: trustme.CA, names: list[str]) -> trustme.LeafCert:
        """One that will be valid for 90 days."""
        begin = datetime.now(UTC) + timedelta(days=self.asked.days)
        return authority.issue_cert(*names, not_before=begin, not_after=begin + LIFETIME)

    def is_wrong(self, shown: x509.Certificate) -> bool:
        """Whether its time has not come."""
        return shown.not_valid_before_utc > datetime.now(UTC)
