"""A changed certificate reaches every kind of server: each is told in the way that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arena import Arena, make_arena, until

from maildrill.cluster.imagefile import read_image
from maildrill.shipped import list_images

NODES = {
    "exim-dovecot": ["mx1", "sub1", "store1"],
    "opensmtpd-dovecot": ["mx1", "sub1"],
    "postfix-cyrus": ["sub1", "store1"],
    "courier": ["mail1"],
}


@pytest.fixture(scope="module", params=NODES)
def stack(request: pytest.FixtureRequest) -> Iterator[tuple[Arena, list[str]]]:
    """A running cluster, and its nodes to be tried."""
    for arena in make_arena(request.param):
        yield arena, NODES[request.param]


@pytest.mark.integration
@pytest.mark.faults
def test_every_server_shows_the_changed_certificate_and_the_right_one_again(stack: tuple[Arena, list[str]]) -> None:
    """Seen by a handshake with each of the node's services; mail goes on after."""
    arena, nodes = stack
    for node in nodes:
        fault = arena.fault("certificate-expired", node)
        assert not fault.effect()[0]
        fault.inject()
        try:
            until(f"the effect on {node}", fault.effect)
        finally:
            fault.heal()
        until(f"recovery of {node}", fault.recovered)
    for service in ("inbound", "submission", "mailbox"):
        until(service, lambda service=service: arena.works(service), 30)


@pytest.mark.parametrize("image", [name for name in list_images() if read_image(name).tls])
def test_every_image_with_a_certificate_says_how_it_is_reloaded(image: str) -> None:
    """Else the certificate faults could not be injected there."""
    assert read_image(image).reload
