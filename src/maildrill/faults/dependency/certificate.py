"""What faults of certificates share: another certificate from the drill's own CA, put in place and reloaded."""

from __future__ import annotations

import base64
from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any

import trustme
from cryptography import x509

from maildrill.cluster.files import CERTIFICATE, KEY, archive, read_file
from maildrill.cluster.model import NodeModel
from maildrill.faults.fault import Fault
from maildrill.faults.looks import look

PROTOCOLS = ("imaps", "imap", "smtp")
PATIENCE_S = 1.0
ORIGINAL = -1  # the layer under all faults


class Certificate(Fault):
    """A fault of the certificate that the target shows to its clients."""

    needs = ("helper",)

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must have a certificate, and a way to make its servers read another."""
        return "" if node.server.tls and node.server.reload else "has no certificate that can be changed while it runs"

    @abstractmethod
    def issue(self, authority: trustme.CA, names: list[str]) -> trustme.LeafCert:
        """The wrong certificate instead of a right one for these names."""

    @abstractmethod
    def is_wrong(self, shown: x509.Certificate) -> bool:
        """Whether a certificate that was shown is wrong in this fault's way."""

    @property
    def _layers(self) -> dict[int, dict[str, bytes]]:
        return self.world.layers.setdefault(("certificate", self.target.name), {})

    @property
    def _mail_host(self) -> str:
        return str(self.world.cluster.mail_host)

    def inject(self) -> None:
        """Put a wrong certificate and its key in place, and make the servers read them.

        Raises RuntimeError if the node's image does not say how, or the servers refuse.
        """
        if not self.target.reload:
            raise RuntimeError(f"{self.target.name} has no certificate that can be changed while it runs")
        if ORIGINAL not in self._layers:
            self._layers[ORIGINAL] = {path: read_file(self.target.container, path) for path in (CERTIFICATE, KEY)}
        leaf = self.issue(self.world.cluster.authority, [self._mail_host, f"{self.target.name}.{self._domain}"])
        chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
        self._layers[self.number] = {CERTIFICATE: chain, KEY: leaf.private_key_pem.bytes()}
        self._put(self._layers[self.number])

    def heal(self) -> None:
        """Put back what was there before (or what another fault put there since) and make the servers read it."""
        if self.number in self._layers:
            self._put([files for number, files in self._layers.items() if number != self.number][-1])
            del self._layers[self.number]

    @property
    def _domain(self) -> str:
        return str(self.world.cluster.model.domain)

    def _put(self, files: dict[str, bytes]) -> None:
        self.target.container.put_archive("/", archive(files))
        self.target.container.reload()
        if self.target.container.status == "paused":
            raise RuntimeError(f"{self.target.name} is frozen: its servers cannot be told to read a certificate")
        if self.target.container.status != "running":
            return  # it reads the files when it starts
        for command in self.target.reload:
            code, output = self.target.container.exec_run(["sh", "-c", command])
            if code:
                raise RuntimeError(f'"{command}" failed in {self.target.name}: {output.decode(errors="replace")}')

    def effect(self) -> tuple[bool, str]:
        """Every TLS handshake from the vantage with a service of the target shows the wrong certificate."""
        return self._shown(lambda shown: self.is_wrong(shown))

    def recovered(self) -> tuple[bool, str]:
        """Every TLS handshake from the vantage shows a certificate that is valid now, for the mail host's name."""
        return self._shown(self._is_right)

    def _is_right(self, shown: x509.Certificate) -> bool:
        now = datetime.now(UTC)
        return shown.not_valid_before_utc <= now <= shown.not_valid_after_utc and self._mail_host in names_of(shown)

    def _shown(self, expected: Any) -> tuple[bool, str]:
        seen = []
        for port, protocol in self.target.checks:
            if protocol not in PROTOCOLS:
                continue
            vantage = self.world.cluster.vantage
            found = look(self.world, vantage, "certificate", self.target.address, port, protocol, PATIENCE_S)
            if "error" in found:
                return False, f"{self.target.name}:{port} {found['error']}"
            shown = x509.load_der_x509_certificate(base64.b64decode(found["der"]))
            valid = f"{shown.not_valid_before_utc:%Y-%m-%d} to {shown.not_valid_after_utc:%Y-%m-%d}"
            seen.append(f"{self.target.name}:{port} {', '.join(names_of(shown)[:2])} valid {valid}")
            if not expected(shown):
                return False, seen[-1]
        return bool(seen), "; ".join(seen) or f"{self.target.name} offers no TLS to look at"


def names_of(certificate: x509.Certificate) -> list[str]:
    """The host names a certificate is for."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(names.get_values_for_type(x509.DNSName))
