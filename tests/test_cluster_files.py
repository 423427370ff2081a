"""Cluster files: names that mean nothing are refused where they stand, with the nearest that means something."""

from __future__ import annotations

from pathlib import Path

import pytest

from maildrill.cluster.imagefile import known_timers
from maildrill.cluster.model import load_any_cluster
from maildrill.errors import BadInput
from maildrill.shipped import list_clusters

MINE = "extends: postfix-dovecot-ha\ncluster: mine\n"


def said(folder: Path, text: str) -> str:
    """What is said about a cluster file; empty if it is accepted."""
    path = folder / "c.yaml"
    path.write_text(text)
    try:
        load_any_cluster(str(path))
    except BadInput as error:
        return str(error).replace(f"{folder}/", "")
    return ""


@pytest.mark.parametrize("name", list_clusters())
def test_shipped_cluster(name: str) -> None:
    assert load_any_cluster(name).nodes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MINE, ""),
        (MINE + "timers: {postfx: {foo: 1s}}", 'c.yaml:3:10: timers.postfx: no image "postfx" that has timers;'
         ' did you mean "postfix"?'),
        (MINE + "timers: {mailserver: {foo: 1s}}", "timers.mailserver: no image"),
        (MINE + "timers: {postfix: {minimal_backof_time: 1s}}", "c.yaml:3:20: timers.postfix.minimal_backof_time:"
         ' no timer of postfix; did you mean "minimal_backoff_time"?'),
        (MINE + "timers: {haproxy: {intr: 1s}}", 'did you mean "inter"?'),
        (MINE + "nodes: {mx1: {roles: [mxx]}}", 'c.yaml:3:23: nodes.mx1.roles[0]: no image has the role "mxx";'
         ' did you mean "mx"?'),
        (MINE + 'nodes: {"my node!": {image: postfix, roles: [mx]}}', "c.yaml:3:9: nodes.my node!: expected a host name"
         ' such as "my-node"'),
        (MINE + "nodes: {mx-: {image: postfix, roles: [mx]}}", 'such as "mx"'),
        (MINE + f"nodes: {{{'m' * 64}: {{image: postfix, roles: [mx]}}}}", f'such as "{"m" * 63}"'),
        ("extends: postfix-dovecot-ha\ncluster: a/../b c", 'c.yaml:2:10: cluster: expected a host name such as "a-b'),
        (MINE + 'domain: "x y; rm -rf"', 'c.yaml:3:9: domain: expected a domain such as "x-y-rm-rf"'),
        (MINE + "domain: example..test", 'expected a domain such as "example.test"'),
        (MINE + "outside_domain: out_side.test", 'outside_domain: expected a domain such as "out-side.test"'),
        (MINE + "accounts: true", "c.yaml:3:11: accounts: expected a valid integer, found True"),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing(tmp_path: Path, text: str, found: str) -> None:
    answer = said(tmp_path, text)
    assert found in answer
    assert bool(found) == bool(answer)


def test_timers_are_of_templates_that_use_them() -> None:
    """An image that lists timers has a template that asks for them, and the other way round."""
    from maildrill.shipped import data_dir

    images = data_dir() / "fixtures/images"
    asking = {path.parent.name for path in images.glob("*/*.j2") if "timers" in path.read_text()}
    assert asking == set(known_timers())


def test_host_names_of_an_attached_system(tmp_path: Path) -> None:
    text = "cluster: my staging\nattached: true\ndomain: exa mple.test\n"
    assert 'cluster: expected a host name such as "my-staging"' in said(tmp_path, text)
    assert 'domain: expected a domain such as "exa-mple.test"' in said(tmp_path, text)
