"""examples/10-delivery on a real API server: each end of a deployment has its exit code, and a revision comes back."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ailtire_operator.cli.diff_markdown import MARK
from lab import ControlPlane
from lab.client import kubectl_path
from support.delivery import Delivery, delivery, listening
from support.kube.trees import Trees

DIGESTS = [f"sha256:{number}{'0' * 63}" for number in range(3)]
GOOD = [f"docker.io/library/portal:{number}@{digest}" for number, digest in enumerate(DIGESTS)]
BAD = f"lab.invalid/missing:1@{DIGESTS[0]}"
HASTE = {"failureAction": "rollback", "progressDeadline": "6s"}


@pytest.fixture
def portal(trees: Trees, control_plane: ControlPlane, tmp_path: Path) -> Delivery:
    """The example, with an image that a simulated node takes."""
    made = delivery(tmp_path, control_plane.kubeconfig, kubectl_path(), trees.namespace)
    made.pin("portal_app", GOOD[0])
    return made


@pytest.fixture
def hook() -> Iterator[tuple[str, list[str]]]:
    with listening() as found:
        yield found


def test_from_the_first_deployment_to_a_release_that_is_rolled_back(
    portal: Delivery, trees: Trees, hook: tuple[str, list[str]]
) -> None:
    url, told = hook
    done = portal("test", "check", "deploy", NOTIFY_URL=url, TIMEOUT="180s")
    assert done.code == 0, done.err
    for name in ("unit.xml", "validate.xml"):
        suite = ElementTree.fromstring(portal.report(name))
        assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
        assert int(suite.get("tests", "0")) > 0
    assert portal.waited()["outcome"] == "reached"

    assert portal("diff").code == 0
    assert portal.report("diff.md") == f"{MARK}\n\n### kubectl ailtire diff: No difference\n"
    portal.pin("portal_app", GOOD[1])
    done = portal("diff")
    assert done.code == 0, done.err
    said = portal.report("diff.md")
    assert "- `AiltireStack portal` `spec.images.portal_app`: `would be changed" in said
    assert f"+        image: {GOOD[1]}" in said
    assert portal("deploy", TIMEOUT="180s").code == 0

    # The bad one alone is in haste: a good one may take longer on a busy machine.
    portal.edit({"updatePolicy": HASTE})
    portal.pin("portal_app", BAD)
    done = portal("deploy", NOTIFY_URL=url, TIMEOUT="180s", VERSION='1"\\')
    assert (done.code, portal.waited()["outcome"]) == (6, "rolled back"), done.err
    trees.until("the image before", lambda: GOOD[1] in json.dumps(trees.must("Deployment", "portal-web")))
    assert told == [
        f"portal 1 in {trees.namespace}: ready",
        f'portal 1"\\ in {trees.namespace}: rolled back',
    ]


def test_each_end_has_an_exit_code_of_its_own(portal: Delivery, hook: tuple[str, list[str]]) -> None:
    url, told = hook
    portal.edit({"updatePolicy": None})
    portal.pin("portal_app", "lab.invalid/unready:1")
    assert portal("deploy", TIMEOUT="3s", NOTIFY_URL=url).code == 4
    assert portal.waited()["outcome"] == "waiting"
    # The API server takes what stands inside of an inline stack; the operator does not.
    portal.edit({"services": {"orders": {"type": "stack", "stack": {"services": {"api": 7}}}}})
    done = portal("deploy", TIMEOUT="180s", NOTIFY_URL=url)
    assert (done.code, portal.waited()["outcome"]) == (3, "failed"), done.err
    portal.edit({"services": {"orders": {"type": "nothing"}}})
    assert portal("deploy", NOTIFY_URL=url).code == 1
    assert [each.rpartition(": ")[2] for each in told] == ["timed out", "failed", "not taken"]
    # Nobody who listens is no reason to call a release bad.
    portal.edit({"services": {}, "suspend": True})
    done = portal("deploy", TIMEOUT="180s", NOTIFY_URL="http://127.0.0.1:9/")
    assert (done.code, "nobody was notified" in done.err) == (7, True)


@pytest.fixture
def dev(control_plane: ControlPlane, namespace: str) -> Iterator[str]:
    """A second namespace."""
    name = f"{namespace}-dev"
    control_plane.kubectl("create", "namespace", name)
    yield name
    control_plane.kubectl("delete", "ats", "--all", "-n", name)
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def test_the_images_of_a_revision_in_production_come_to_dev_by_digest(
    trees: Trees, control_plane: ControlPlane, dev: str, tmp_path: Path
) -> None:
    (tmp_path / "prod").mkdir()
    production = delivery(tmp_path / "prod", control_plane.kubeconfig, kubectl_path(), trees.namespace, "prod")
    for image in GOOD[:2]:
        production.pin("portal_app", image, "prod")
        done = production("deploy", TIMEOUT="180s")
        assert done.code == 0, done.err
    portal = delivery(tmp_path, control_plane.kubeconfig, kubectl_path(), dev)
    before = (portal.folder / "overlays" / "dev" / "images.yaml").read_text()
    for revision, wanted in (("", GOOD[1]), ("1", GOOD[0])):
        done = portal("reproduce", "deploy", FROM=trees.namespace, REVISION=revision, TIMEOUT="180s")
        assert done.code == 0, done.err
        assert portal.images()["portal_app"] == wanted
        assert "portal_redis has no digest" in done.err
        image = "jsonpath={.spec.template.spec.containers[0].image}"
        assert control_plane.kubectl("get", "deployment/portal-web", "-n", dev, "-o", image) == wanted
    after = (portal.folder / "overlays" / "dev" / "images.yaml").read_text()
    assert after == before.replace("registry.example/portal:1.4.1", GOOD[0]), "comments and all else stay"
    assert portal("reproduce", FROM=trees.namespace, REVISION="7").code == 5
    assert portal("reproduce", FROM="default").code == 2
