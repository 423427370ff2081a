"""ransomware: every file the mail server can write is encrypted, its backups too."""

from __future__ import annotations

import secrets
from typing import Any

from docker.errors import DockerException, NotFound

from maildrill.cluster.model import NodeModel
from maildrill.cluster.node import labels
from maildrill.faults.process.freeze import held_still
from maildrill.faults.process.kill import Kill
from maildrill.faults.storage.volume import without_volumes

ENCRYPT = (
    "command -v openssl perl > /dev/null || exit 3; cd {path} && "
    "head -c 1M /dev/zero | openssl enc -aes-256-ctr -pbkdf2 -iter 1 -nosalt -k {key} > /tmp/.{key} && "
    "find . -type f -size +0 -print0 | perl -0 -e '"
    'open my $s, "<:raw", shift or die; my $key = do {{ local $/; <$s> }}; '
    "while (<STDIN>) {{ chomp; open my $f, q(+<:raw), $_ or next; my $n = read $f, my $b, -s $f or next; "
    "seek $f, 0, 0; print $f $b ^ substr $key x (1 + $n / length $key), 0, $n }}' /tmp/.{key}; rm -f /tmp/.{key}"
)
"""One program for all files: one a file would take a minute for a few hundred, and show as an outage of its own."""
KEEP = "for n in $(seq 0 {last}); do mkdir -p /v/{copy}/$n && cp -a /v/$n/. /v/{copy}/$n/; done; touch /v/{copy}/whole"
PUT_BACK = (
    "[ -e /v/{copy}/whole ] || exit 0; for n in $(seq 0 {last}); do "  # no whole copy: nothing was encrypted
    "find /v/$n -mindepth 1 -delete; cp -a /v/{copy}/$n/. /v/$n/; done"
)
COMPARE = (
    "[ -e /v/{copy}/whole ] || exit 4; same=0; all=0; for n in $(seq 0 {last}); do cd /v/{copy}/$n; "
    "for f in $(find . -type f -size +0); do all=$((all+1)); "
    'cmp -s -n 64 "$f" "/v/$n/$f" && same=$((same+1)); done; done; echo $same $all'
)


class Ransomware(Kill):
    """Every file on every volume of the node is encrypted in place (AES-256) by the user that owns the volume.

    That is all the server itself may write: mailboxes, queue, and whatever backup is mounted writable. The key is
    thrown away. To the replica of a store the files are broken, not deleted. Before, the node is frozen while a
    private copy is made, about a second.
    """

    kind = "ransomware"
    needs = ("helper",)
    stands_for = (
        "ransomware that came in through the mail host and had its rights. Rackspace Hosted Exchange, 2 December "
        "2022: some 30,000 customers without mail, and the platform was never brought back"
    )

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must keep something."""
        return without_volumes(node)

    @property
    def _copy(self) -> str:
        return f"maildrill-{self.world.cluster.session}-ransom-{self.number}-{self.target.name}"

    def inject(self) -> None:
        """Keep a private copy that no node mounts, then encrypt; twice changes nothing. Raises RuntimeError."""
        if self._has_copy():
            return
        self.world.client.volumes.create(self._copy, labels=labels(self.world.cluster.session))
        with held_still(self.target.container):
            self._with_copy(KEEP)
        for mount in self._mounts():
            self._encrypt(mount["Destination"])

    def _encrypt(self, path: str) -> None:
        node = self.target.container
        owner = node.exec_run(["stat", "-c", "%u", path]).output.decode().strip()
        command = ENCRYPT.format(path=path, key=secrets.token_hex(16))
        code, output = node.exec_run(["sh", "-c", command], user=owner)
        if code:
            raise RuntimeError(f"{path} of {self.target.name} could not be encrypted: {code} {output.decode()[-200:]}")

    def heal(self) -> None:
        """Stop the node, put the bytes of the private copy back, start the node; mail since then is not in it.

        A drill that wants to restore from its own backup does not heal this fault.
        """
        if self._has_copy():
            super().inject()
            self._with_copy(PUT_BACK)
            self.world.client.volumes.get(self._copy).remove(force=True)
        super().heal()

    def effect(self) -> tuple[bool, str]:
        """Another container reads the volumes: no file that was there begins any more as it did."""
        if not self._has_copy():
            return False, "nothing was encrypted"
        same, all_ = map(int, self._with_copy(COMPARE).split())
        return all_ > 0 and same == 0, f"{all_ - same} of {all_} files are not what they were"

    def recovered(self) -> tuple[bool, str]:
        """The private copy is back in its place and gone, and every service of the node answers."""
        return super().recovered() if not self._has_copy() else (False, "the private copy was not put back")

    def _mounts(self) -> list[dict[str, Any]]:
        self.target.container.reload()
        mounts = self.target.container.attrs["Mounts"]
        return sorted(
            (one for one in mounts if one["Type"] == "volume" and one["RW"]), key=lambda one: str(one["Name"])
        )

    def _has_copy(self) -> bool:
        try:
            self.world.client.volumes.get(self._copy)
        except NotFound:
            return False
        return True

    def _with_copy(self, command: str) -> str:
        volumes = [one["Name"] for one in self._mounts()]
        text = command.format(copy=len(volumes), last=len(volumes) - 1)
        try:
            return self.world.helper.with_volumes([*volumes, self._copy], text)
        except DockerException as problem:
            raise RuntimeError(f"the volumes of {self.target.name} cannot be read: {problem}") from problem
