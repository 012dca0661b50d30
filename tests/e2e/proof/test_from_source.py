"""examples/12-source from its files to answers: built by BuildKit, pushed, imported by digest and applied.

A new version comes by the same commands. While it comes, requests come to a service of the root and to one of the
child; none is lost.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import figures
from e2e.applying import get
from e2e.conftest import Lab
from e2e.loading import load, nothing_lost
from e2e.proof.checkouts import Source, checkout
from e2e.routing import await_route, call
from e2e.tree import await_gone
from kindlab import builder, registry

pytestmark = pytest.mark.usefixtures("operator")
PAGE, TICKETS = "/web/", "/tickets/api/"
IMAGES = {"helpdesk-web": "helpdesk_web", "helpdesk-tickets-api": "helpdesk_tickets_api"}
"""The images of the application by the Deployments that run them."""
SETTLING_SECONDS = 3


@pytest.fixture
def source(lab: Lab, namespace: str, tmp_path: Path) -> Iterator[Source]:
    """A checkout, a registry that the nodes pull from, and a BuildKit; no container of them is left."""
    with (
        registry.running() as address,
        builder.python_in(address) as mirror,
        builder.buildkit(mirror) as variables,
    ):
        made = Source(checkout(tmp_path / "helpdesk"), namespace, f"{address}/helpdesk", variables)
        made.publish(f"{namespace}.example")
        yield made


def answers(lab: Lab, host: str) -> dict[str, tuple[str, str]]:
    """Which service and which release of it answers, through the edge and the gateways, by the path."""
    found: dict[str, tuple[str, str]] = {}
    for path in (PAGE, TICKETS):
        status, answer = call(lab.ingress, host, path)
        assert status == 200, answer
        found[path] = (answer["service"], answer["release"])
    return found


def running_images(namespace: str) -> dict[str, str]:
    """The image of each Deployment that runs the application."""
    found = {each: get(namespace, f"deployment/{each}")["spec"]["template"]["spec"]["containers"] for each in IMAGES}
    return {name: containers[0]["image"] for name, containers in found.items()}


def by_digest(source: Source, tag: str) -> dict[str, str]:
    """What runs, after it was seen to have this tag and a digest; the digests by the Deployment."""
    digests: dict[str, str] = {}
    for name, image in running_images(source.namespace).items():
        tagged, _, digest = image.partition("@sha256:")
        assert tagged == f"{source.below}/{IMAGES[name]}:{tag}"
        assert len(digest) == 64
        digests[name] = digest
    return digests


@pytest.mark.timeout(600)
def test_an_application_goes_from_its_files_to_answers_and_a_new_version_after_it(lab: Lab, source: Source) -> None:
    host = f"{source.namespace}.example"
    with figures.seconds("an application from its files to its first answers, of three images and two stacks"):
        first = source.push("1")
        source.apply(first)
        for path in (PAGE, TICKETS):
            await_route(lab.ingress, host, path)
    assert answers(lab, host) == {PAGE: ("web", "1"), TICKETS: ("tickets", "1")}
    before = by_digest(source, "1")

    page, tickets = (f"http://{host}{path}" for path in (PAGE, TICKETS))
    with load(page, lab.ingress, 50) as pages, load(tickets, lab.ingress, 50) as lists:
        source.edit("deploy/web/web.py", 'RELEASE = "1"', 'RELEASE = "2"')
        second = source.push("2")
        assert second != first
        with figures.seconds("its second version, from import to the exit code of wait, under load"):
            source.apply(second)
        await_gone(source.namespace)
        time.sleep(SETTLING_SECONDS)
    print(pages, lists, sep="\n")
    for running in (pages, lists):
        nothing_lost(running, 500)
    assert {call(lab.ingress, host, PAGE)[1]["release"] for _ in range(20)} == {"2"}
    assert answers(lab, host) == {PAGE: ("web", "2"), TICKETS: ("tickets", "1")}
    after = by_digest(source, "2")
    assert after["helpdesk-web"] != before["helpdesk-web"]
    assert before["helpdesk-web"] in source.ailtire("import", first), "what a digest names never changes"
    sent = pages.http["sent"] + lists.http["sent"]
    figures.tell(f"its versions under load: {sent} requests, {pages.lost + lists.lost} lost")
