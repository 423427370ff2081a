"""Cluster files: names that mean nothing are refused where they stand, with the nearest that means something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.cluster.imagefile import image_folder, known_timers, read_image
from maildrill.errors import BadInput
from maildrill.shipped import list_clusters, list_images

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
        (MINE + "accounts: true", "c.yaml:3:11: accounts: expected a whole number, found true"),
        (MINE + "timers: {postfix: {minimal_backoff_time: [1]}}", "c.yaml:3:42: timers.postfix.minimal_backoff_time:"
         " expected text or a number, found a list"),
        (MINE + "disks: {size: 5 GB}", 'c.yaml:3:15: disks.size: expected a size such as "400M" or "2G", found "5 GB"'),
        (MINE + "replication: {between: [a]}", "replication.between: expected at least 2 entries, found 1"),
        (MINE + "nodes: {5: {image: postfix}}", "c.yaml:3:9: nodes[5]: expected text, found 5; in quotes it is text"),
        ("extends: postfix-dovecot-ha", 'field "cluster" is missing'),
        (MINE + "nodes: {mx2: {settings: {preferance: 20}}}", 'c.yaml:3:26: nodes.mx2.settings.preferance: no setting'
         ' of postfix; did you mean "preference"?'),
        (MINE + "nodes: {store1: {settings: {relay_to: mx1}}}", "no setting of dovecot; known: accounts_known, cert"),
        (MINE + "nodes: {mx1: {image: dovecot}}", 'mx1.roles[0]: the image dovecot cannot be "mx"; it can be emerg'),
        (MINE + "nodes: {mx1: {image: helper}}", 'cannot be "mx"; it can be nothing in a cluster'),
        (MINE + "nodes: {mx1: {roles: [mx, mx]}}", 'nodes.mx1.roles: expected each only once ("mx" is there twice)'),
        (MINE + "nodes: {MX1: {image: postfix, roles: [mx]}}", "c.yaml:3:9: nodes.MX1: to DNS this is the same name"),
        (MINE + "replication: {between: [store1, store1]}", 'between: expected each only once ("store1" is'),
        (MINE + "replication: {between: [mx1, mx2]}", "replication.between: mx1 is no store; stores: store1, store2"),
        (MINE + "replication: {kind: cyrus-rolling}", "c.yaml:3:21: replication.kind: store1 (dovecot) knows dovecot"),
        (MINE + "networks: [lan, lan]", 'networks: expected each only once ("lan" is there twice)'),
        (MINE + "networks: [my lan]", 'c.yaml:3:12: networks[0]: expected a host name such as "my-lan"'),
        (MINE + "networks: [lün]", "networks[0]: expected a host name"),
        (MINE + "nodes: {mx1: {volumes: {spool: var/spool}}}", "mx1.volumes.spool: expected an absolute path such as"),
        (MINE + "nodes: {mx1: {volumes: {spool: /}}}", "expected an absolute path"),
        (MINE + "nodes: {mx1: {volumes: {spool: /a/../..}}}", "expected an absolute path"),
        (MINE + "nodes: {mx1: {volumes: {spool: /var/spool/}}}", ""),
        (MINE + "nodes: {mx1: {volumes: {my spool: /var/spool}}}", 'expected a host name such as "my-spool"'),
        (MINE + "domain: outside.test", "c.yaml:3:9: domain: the strangers' domain is the cluster's own, outside.test"),
        (MINE + "outside_domain: Example.test", "c.yaml:3:17: outside_domain: the strangers' domain is the"),
        (MINE + "disks: {size: 999999G}", "c.yaml:3:15: disks.size: expected a size from 16M to 100G, found "),
        (MINE + "disks: {size: 1M}", "disks.size: expected a size from 16M to 100G"),
        (MINE + 'about: "\\e[31mred"', "c.yaml:3:8: about: expected text without control characters"),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing(tmp_path: Path, text: str, found: str) -> None:
    answer = said(tmp_path, text)
    assert found in answer
    assert bool(found) == bool(answer)


def test_an_extending_cluster_is_not_taken_for_its_parent(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(MINE)
    assert load_any_cluster(str(tmp_path / "c.yaml")).about == ""
    (tmp_path / "d.yaml").write_text("extends: c.yaml\ncluster: other")
    other = load_any_cluster(str(tmp_path / "d.yaml"))
    assert (other.cluster, other.about, len(other.nodes)) == ("other", "", 10)


def test_an_image_names_the_settings_that_its_templates_ask_for() -> None:
    """Of itself, or of its peers: names are published, and a certificate is chosen, for nodes of other images too."""
    own = re.compile(r'(?<![.\w])settings\.(?:get\("(\w+)"|(?!get\b)(\w+))')
    theirs = re.compile(r'peer\.settings\.(?:get\("(\w+)"|(?!get\b)(\w+))')
    of_others = {"certificate"}
    for image in list_images():
        model, folder = read_image(image), image_folder(image)
        texts = [(folder / template).read_text() for template in model.files]
        asked = {found[1] or found[2] for text in texts for found in own.finditer(text)}
        of_others |= {found[1] or found[2] for text in texts for found in theirs.finditer(text)}
        assert asked <= set(model.settings), image
        expected = (
            asked
            | ({"certificate"} if model.tls else set())
            | ({"preference", "published"} if "mx" in model.checks else set())
        )
        assert set(model.settings) == expected, image
    assert of_others == {"certificate", "preference", "published"}


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


def test_a_mistake_in_an_extended_file_is_shown_there(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(MINE + "nodes:\n  mx1: {image: postfx}\naccounts: many\n")
    child = "extends: parent.yaml\ncluster: child\naccounts: 3\n"
    assert said(tmp_path, child).startswith('parent.yaml:4:16: nodes.mx1.image: unknown image "postfx"')
    assert "accounts" not in said(tmp_path, child)
    over = said(tmp_path, child + "nodes:\n  mx1: {image: pstfix}\n")
    assert over.startswith('c.yaml:5:16: nodes.mx1.image: unknown image "pstfix"')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cluster: a\nextends: postfix-dovcot-ha", "c.yaml:2:10: extends: unknown cluster \"postfix-dovcot-ha\";"
         " did you mean \"postfix-dovecot-ha\"?"),
        ("cluster: a\nextends: no.yaml", "c.yaml:2:10: extends: no cluster file"),
        ("cluster: a\nextends: c.yaml", "c.yaml:2:10: extends: clusters extend each other in a circle"),
    ],
)  # fmt: skip
def test_a_base_that_is_not_there(tmp_path: Path, text: str, found: str) -> None:
    assert said(tmp_path, text).startswith(found)


def test_a_base_that_is_itself_under_a_longer_name(tmp_path: Path) -> None:
    assert "in a circle" in said(tmp_path, f"cluster: a\nextends: ../{tmp_path.name}/c.yaml")


def test_a_misspelt_kind_of_cluster_is_one_mistake(tmp_path: Path) -> None:
    from maildrill.shipped import data_dir

    text = (data_dir() / "fixtures/clusters/examples/attached.yaml").read_text()
    answer = said(tmp_path, text.replace("\nattached: true", "\nattachd: true"))
    assert answer.endswith('unknown field "attachd"; did you mean "attached"?')
    assert "\n" not in answer
