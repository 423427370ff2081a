"""What a machine must be able to do for a fault: named features, each with a probe that tries it.

A fault names features in ``needs``. A probe returns "" if the feature is there, else the reason why not,
in the words of whoever refused. It tries the thing itself, in a container that is thrown away: exit codes
and version numbers say too little. To add a feature: one function, one line in FEATURES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError

from maildrill.faults.fault import Privileged

LOOPS = 256
MOST_REASON = 200


@dataclass(frozen=True)
class Machine:
    """What a probe may use: the engine, the started helper (or why it could not be started), one-shot containers."""

    client: Any
    image: str
    session: str
    helper: Privileged
    container: Any
    helper_problem: str = ""

    def shell(self, command: str) -> str:
        """Run a shell command in the helper: "", or what went wrong."""
        if self.helper_problem:
            return self.helper_problem
        code, output = self.helper.run("sh", "-c", command)
        return _reason(output) if code else ""

    def with_loop_devices(self, command: str) -> str:
        """Run a shell command in a container that may make loop devices and mount them: "", or what went wrong."""
        options: dict[str, Any] = {
            "cap_add": ["SYS_ADMIN"],
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
            "device_cgroup_rules": ["b 7:* rwm", "c 10:237 rwm"],
            "environment": {"SESSION": self.session},
            "labels": {"maildrill": "probe", "maildrill.session": self.session},
        }
        try:
            container = self.client.containers.create(
                self.image, ["sh", "-c", MAKE_NODES + command], network_mode="none", **options
            )
            container.start()
            code = container.wait(timeout=30)["StatusCode"]
            return _reason(container.logs().decode(errors="replace")) if code else ""
        except APIError as problem:
            return _reason(str(problem.explanation or problem))


def _reason(text: str) -> str:
    """The last line of an output, which usually says it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else "refused without a word")[:MOST_REASON]


MAKE_NODES = f"""
mknod /dev/loop-control c 10 237 2>/dev/null
for n in $(seq 0 {LOOPS - 1}); do test -e /dev/loop$n || mknod /dev/loop$n b 7 $n; done
"""
DISK = """
set -e
image=/var/tmp/maildrill-$SESSION-probe.img; truncate -s 8M $image; mkfs.ext4 -q -F $image
loop=$(losetup -f --show $image); trap 'umount /mnt 2>/dev/null || true; losetup -d $loop' EXIT
"""
SHUTDOWN = (  # ioctl_fs_shutdown: include/uapi/linux/fs.h, FS_IOC_SHUTDOWN with NOLOGFLUSH
    "import fcntl, os, struct; fd = os.open('/mnt', os.O_RDONLY); fcntl.ioctl(fd, 0x8004587D, struct.pack('I', 2))"
)


def _helper(machine: Machine) -> str:
    return machine.helper_problem


def _freezer(machine: Machine) -> str:
    """Pause a container, look, unpause it."""
    if machine.helper_problem:
        return machine.helper_problem
    try:
        machine.container.pause()
        machine.container.reload()
        paused = machine.container.status == "paused"
        machine.container.unpause()
    except APIError as problem:
        return _reason(str(problem.explanation or problem))
    return "" if paused else f"a paused container is {machine.container.status}"


def _in_helper(command: str) -> Callable[[Machine], str]:
    return lambda machine: machine.shell(command)


def _with_disk(command: str) -> Callable[[Machine], str]:
    return lambda machine: machine.with_loop_devices(DISK + command)


def _engine_says(key: str) -> Callable[[Machine], str]:
    return lambda machine: "" if machine.client.info().get(key) else f"the engine reports no {key}"


def _table(chain: str) -> Callable[[Machine], str]:
    table = "inet maildrill_probe"
    rules = f"add table {table}; add chain {table} c {{ {chain} }}; delete table {table}"
    return _in_helper(f"nft '{rules}' 2>&1")


def _qdisc(what: str) -> Callable[[Machine], str]:
    return _in_helper(f"tc qdisc add dev lo root {what} 2>&1 && tc qdisc del dev lo root")


QUEUE = "-t mangle {} INPUT -s 127.9.9.9 -j NFQUEUE --queue-num 7 --queue-bypass"


@dataclass(frozen=True)
class Feature:
    """A probe, and what to do where it fails."""

    probe: Callable[[Machine], str]
    mend: str


KERNEL = "run the engine on a kernel with {}"
FEATURES: dict[str, Feature] = {
    "helper": Feature(_helper, "let the engine give a container SYS_ADMIN, NET_ADMIN, SYS_PTRACE (not rootless)"),
    "freezer": Feature(_freezer, KERNEL.format("the freezer cgroup")),
    "nftables": Feature(_table("type filter hook input priority 0;"), KERNEL.format("nf_tables (modprobe nf_tables)")),
    "nat": Feature(
        _table("type nat hook prerouting priority -100;"), KERNEL.format("nft_chain_nat (modprobe nft_chain_nat)")
    ),
    "nfqueue": Feature(
        _in_helper(f"iptables {QUEUE.format('-I')} 2>&1 && iptables {QUEUE.format('-D')}"),
        KERNEL.format("xt_NFQUEUE (modprobe xt_NFQUEUE)"),
    ),
    "netem": Feature(_qdisc("netem delay 1ms"), KERNEL.format("sch_netem (modprobe sch_netem)")),
    "tbf": Feature(_qdisc("tbf rate 1mbit burst 16kb latency 100ms"), KERNEL.format("sch_tbf (modprobe sch_tbf)")),
    "ifb": Feature(
        _in_helper("ip link add maildrill0 type ifb 2>&1 && ip link del maildrill0"),
        KERNEL.format("ifb (modprobe ifb)"),
    ),
    "loop": Feature(_with_disk("test -b $loop"), "let containers use loop devices (not rootless; modprobe loop)"),
    "shutdown-ioctl": Feature(
        _with_disk(f'mount $loop /mnt; python3 -c "{SHUTDOWN}" 2>&1'),
        KERNEL.format("ext4's shutdown ioctl, and loop devices for containers"),
    ),
    "blkio-throttle": Feature(
        _in_helper(
            "cd /sys/fs/cgroup; test -e blkio/blkio.throttle.write_bps_device || grep -qw io cgroup.controllers"
            " || { echo no blkio.throttle files and no io controller; false; }"
        ),
        KERNEL.format("CONFIG_BLK_DEV_THROTTLING"),
    ),
    "memory-limit": Feature(_engine_says("MemoryLimit"), KERNEL.format("the memory cgroup")),
    "cpu-limit": Feature(_engine_says("CpuCfsQuota"), KERNEL.format("CONFIG_CFS_BANDWIDTH")),
    "pids-limit": Feature(_engine_says("PidsLimit"), KERNEL.format("the pids cgroup")),
}


def probe(machine: Machine, names: list[str]) -> dict[str, str]:
    """Name -> "" or the reason why it is missing. A name without a probe is missing: nothing can be said of it."""
    return {
        name: FEATURES[name].probe(machine) if name in FEATURES else "maildrill has no probe of that name"
        for name in names
    }
