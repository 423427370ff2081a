"""The real thing: two replicating stores, cut off from each other, looked at past the proxy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


def test_the_stores_are_compared(tmp_path: Path) -> None:
    """Mail is seen on both, the cut as a lag, and at the end both hold the same."""
    scenario = str(Path(__file__).with_name("short-replicas.yaml"))
    command = [sys.executable, "-m", "maildrill.cli", "run", scenario, "--json", "--reports", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    result = json.loads(done.stdout)
    replicas = result["replicas"]
    stores = {store["name"]: store for store in replicas["stores"]}
    assert set(stores) == {"store1", "store2"}
    assert replicas["equal"] is True, json.dumps(result["diagnostics"])
    assert stores["store1"]["messages"] == stores["store2"]["messages"] > 20
    assert [store["not_read"] for store in stores.values()] == [[], []]
    assert replicas["convergence_s"]["lower"] <= replicas["convergence_s"]["upper"]
    lags = {(way["first"], phase): lag for way in replicas["lags"] for phase, lag in way["phases"].items()}
    assert lags["store1", "timeline"]["max"] > 1, "the cut held replication up"
