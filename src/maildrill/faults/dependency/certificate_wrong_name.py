"""certificate-wrong-name: the server's certificate is for another host."""

from __future__ import annotations

import trustme
from cryptography import x509
from pydantic import Field

from maildrill.faults.dependency.certificate import Certificate, names_of
from maildrill.scenario.model import Strict


class CertificateWrongName(Certificate):
    """Every server of the node shows a valid certificate of the right authority for a name that is not its own."""

    kind = "certificate-wrong-name"
    stands_for = "a renewal for the wrong host, a server behind a name that was changed, a default virtual host"

    class Parameters(Strict):
        """Whose."""

        name: str = Field("elsewhere.test", min_length=1, description="the host name it is for")

    def issue(self, authority: trustme.CA, names: list[str]) -> trustme.LeafCert:
        """One for the other name only."""
        return authority.issue_cert(self.asked.name)

    def is_wrong(self, shown: x509.Certificate) -> bool:
        """Whether it is for the other name and not for the mail host's."""
        names = names_of(shown)
        return self.asked.name in names and self._mail_host not in names
