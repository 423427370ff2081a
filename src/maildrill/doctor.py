"""Looks whether this machine can run drills."""

from __future__ import annotations

import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maildrill.errors import MaildrillError
from maildrill.shipped import list_clusters, list_images

OLDEST_API = (1, 40)
NEEDED_GB = 2.0
NEEDED_MEMORY_GB = 0.3


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    check: str
    ok: bool
    detail: str


def examine() -> list[Finding]:
    """Look at everything a drill needs; changes nothing."""
    findings = [_python(), _catalogue(), _disk()]
    try:
        from maildrill.cluster.engine import connect

        client = connect()
        client.ping()
    except (MaildrillError, OSError) as error:
        return [*findings, Finding("engine", False, f"{error}; run ./bootstrap")]
    except Exception as error:  # the SDK raises many kinds; each means the same here
        return [*findings, Finding("engine", False, f"{type(error).__name__}: {error}; run ./bootstrap")]
    looks: tuple[Callable[[Any], Finding], ...] = (_engine, _engine_disk, _memory, _images, _leftovers)
    return findings + [look(client) for look in looks] + _features(client)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), f"{version}, needed 3.11 or newer")


def _catalogue() -> Finding:
    clusters = list_clusters()
    return Finding("catalogue", bool(clusters), f"{len(clusters)} clusters, {len(list_images())} server images")


def _disk() -> Finding:
    return _free_disk("disk", Path(tempfile.gettempdir()))


def _engine_disk(client: Any) -> Finding:
    """Images, queues and mailboxes lie in the engine's own folder."""
    info = client.info()
    folder = Path(info["DockerRootDir"])
    if info["Name"] == platform.node() and folder.is_dir():
        return _free_disk("engine disk", folder)
    return Finding("engine disk", True, f"{folder} is on the engine's machine: see there, needed {NEEDED_GB:.0f} GB")


def _free_disk(check: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 1e9
    return Finding(check, free >= NEEDED_GB, f"{free:.1f} GB free in {folder}, needed {NEEDED_GB:.0f} GB")


def _engine(client: Any) -> Finding:
    version = client.version()
    api = tuple(int(part) for part in version["ApiVersion"].split("."))
    cgroup = client.info().get("CgroupVersion") or "1 (or the engine does not say)"
    text = f"version {version['Version']}, API {version['ApiVersion']}, cgroup version {cgroup}"
    return Finding("engine", api >= OLDEST_API, text)


def _memory(client: Any) -> Finding:
    info = client.info()
    total, free = info["MemTotal"] / 1e9, free_memory() if info["Name"] == platform.node() else None
    known = f"{free:.1f} of {total:.1f} GB free" if free is not None else f"{total:.1f} GB on the engine's machine"
    enough = (total if free is None else free) >= NEEDED_MEMORY_GB
    return Finding("memory", enough, f"{known}, {info['NCPU']} cores; a drill needs about {NEEDED_MEMORY_GB:g} GB")


def free_memory(meminfo: Path = Path("/proc/meminfo")) -> float | None:
    """What programs could still get on this machine without swapping, GB: MemAvailable of proc(5); None if unknown."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 / 1e9 if found else None


def _images(client: Any) -> Finding:
    from maildrill.cluster.images import missing_images

    missing, known = missing_images(client, list_images()), list_images()
    text = f"missing: {', '.join(missing)}; run: maildrill images" if missing else f"all {len(known)} built"
    return Finding("images", not missing, text)


def _leftovers(client: Any) -> Finding:
    from maildrill.custody.sweep import leftovers, live_sessions

    if live_sessions(client):
        return Finding("leftovers", True, "a drill is running now")
    left = leftovers(client)
    return Finding("leftovers", not left, f"{len(left)} left behind; run: maildrill clean" if left else "none")


def _features(client: Any) -> list[Finding]:
    """A machine without some feature is fit for drills; it skips those that need it."""
    from maildrill.drill.machine import look, why_not
    from maildrill.faults import KINDS
    from maildrill.faults.features import FEATURES

    missing = {name: reason for name, reason in look(client, set(FEATURES)).items() if reason}
    skipped = [name for name, kind in KINDS.items() if why_not(kind, missing)]
    here = ", ".join(name for name in FEATURES if name not in missing)
    findings = [Finding("faults", len(skipped) < len(KINDS), f"{len(KINDS) - len(skipped)} of {len(KINDS)} kinds")]
    findings.append(Finding("features", True, f"here: {here}"))
    for name, reason in missing.items():
        users = [kind for kind in skipped if name in KINDS[kind].needs]
        text = f"without {name} ({reason}): skips {', '.join(users) or 'no fault'}; {FEATURES[name].mend}"
        findings.append(Finding("features", True, text))
    return findings
