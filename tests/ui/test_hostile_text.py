"""Names, messages, logs and definitions of others are text: markup, escape sequences and turned text stay visible."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DEPLOYMENT, STACK
from lab import ControlPlane, Operator
from lab.api import Refused
from ui.hostile import ESCAPES, LINK, MARKUP, SHOWN, TEXT, harmless
from ui.kubelet import Kubelet
from ui.page import Page
from ui.parts import log, rows, stack_row
from ui.shop import NAME as SHOP
from ui.shop import NAMESPACE as SHOPS

NAMESPACE = "hostile"
NAME = "victim"


@pytest.fixture(scope="module", autouse=True)
def _victim(control_plane: ControlPlane, operator: Operator) -> Iterator[None]:
    """A stack whose definition, status and events are full of it, while the operator is away."""
    api = control_plane.api
    api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    operator.stop()
    definition = {"image": "lab.invalid/missing:1", "user": "1000", "environment": {"NOTE": MARKUP, "ESCAPES": ESCAPES}}
    metadata = {"name": NAME, "namespace": NAMESPACE, "annotations": {"example.com/note": TEXT}}
    manifest = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata}
    made = api.create(STACK.path(NAMESPACE), {**manifest, "spec": {"services": {"web": definition}}})
    api.merge(f"{STACK.path(NAMESPACE, NAME)}/status", {"status": _status(made["metadata"]["generation"])})
    api.create(f"/api/v1/namespaces/{NAMESPACE}/events", _event(made["metadata"]["uid"]))
    api.create(f"/api/v1/namespaces/{NAMESPACE}/pods", _pod())
    api.create(DEPLOYMENT.path(NAMESPACE), _deployment())
    yield
    api.delete(DEPLOYMENT.path(NAMESPACE, f"{NAME}-web"))
    api.delete(STACK.path(NAMESPACE, NAME))
    api.delete(f"/api/v1/namespaces/{NAMESPACE}")
    operator.start()


def _status(generation: int) -> dict[str, object]:
    now = "2026-01-01T12:00:00Z"
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ImagePullBackOff",
        "message": TEXT,
        "lastTransitionTime": now,
    }
    web = {"kind": "Deployment", "name": f"{NAME}-web", "ready": 0, "wanted": 1, "reason": "Odd", "message": TEXT}
    return {
        "observedGeneration": generation,
        "conditions": [{**ready, "observedGeneration": generation}],
        "services": {"web": web},
        "counts": {"services": "0/1", "stacks": "0/0"},
        "url": LINK,
    }


def _event(uid: str) -> dict[str, object]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": NAME, "namespace": NAMESPACE, "uid": uid}
    times = {"firstTimestamp": now, "lastTimestamp": now, "count": 1}
    source = {"source": {"component": MARKUP}}
    return {
        "metadata": {"name": f"{NAME}.1", "namespace": NAMESPACE},
        "involvedObject": about,
        "type": "Warning",
        "reason": "Odd",
        "message": TEXT,
        **times,
        **source,
    }


_LABELS = {
    naming.LABEL_STACK: NAME,
    naming.LABEL_ROOT: NAME,
    naming.LABEL_SERVICE: "web",
    naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
}
_CONTAINERS = [{"name": "main", "image": "docker.io/library/web:1"}]


def _pod() -> dict[str, object]:
    metadata = {"name": f"{NAME}-web-0", "namespace": NAMESPACE, "labels": _LABELS}
    return {"metadata": metadata, "spec": {"nodeName": "node-0", "containers": _CONTAINERS}}


def _deployment() -> dict[str, object]:
    """One without pods; the key of its service is an annotation, which the API server takes as it is."""
    metadata = {"name": f"{NAME}-web", "namespace": NAMESPACE, "labels": _LABELS}
    template = {"metadata": {"labels": _LABELS, "annotations": {naming.ANNOTATION_KEY: TEXT}}}
    spec = {"replicas": 0, "selector": {"matchLabels": _LABELS}}
    return {"metadata": metadata, "spec": {**spec, "template": {**template, "spec": {"containers": _CONTAINERS}}}}


def test_status_of_a_stack_is_text_in_the_tree(page: Page) -> None:
    with page.visit(f"/tree/{NAMESPACE}/{NAME}") as visit:
        row = stack_row(visit.page, NAME)
        for part in SHOWN:
            expect(row).to_contain_text(part)
        harmless(visit)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/stack/{NAMESPACE}/{NAME}", SHOWN),
        (f"/stack/{NAMESPACE}/{NAME}?tab=events", SHOWN),
        (f"/stack/{NAMESPACE}/{NAME}?tab=yaml&show=live", ()),
        (f"/stack/{NAMESPACE}/{NAME}?tab=yaml", ()),
        (f"/timeline/{NAMESPACE}/{NAME}", ()),
        (f"/networks/{NAMESPACE}/{NAME}", SHOWN),
    ],
)
def test_it_is_text_on_every_view(page: Page, path: str, shown: tuple[str, ...]) -> None:
    with page.visit(path) as visit:
        main = visit.page.get_by_role("main")
        expect(main.get_by_role("heading").first).to_be_visible()
        for part in shown:
            expect(main).to_contain_text(part)
        harmless(visit)


def test_lines_of_a_log_are_text(page: Page, logs: Kubelet) -> None:
    for line in (MARKUP, ESCAPES, TEXT, "data: [DONE]", "event: end", "\r\nid: 1"):
        logs.write(f"{NAME}-web", line)
    logs.write(f"{NAME}-web", "the last line")
    with page.visit(f"/stack/{NAMESPACE}/{NAME}/web?tab=logs") as visit:
        expect(log(visit.page)).to_contain_text("the last line")
        for part in (*SHOWN, "data: [DONE]", "event: end"):
            expect(log(visit.page)).to_contain_text(part)
        harmless(visit)


@pytest.mark.parametrize(
    "path",
    [
        "/stack/hostile/%3Cimg%20src%3Dx%20onerror%3Dwindow.taken%3D1%3E",
        "/tree/%3Cscript%3Ewindow.taken%3D1%3C%2Fscript%3E/x",
        "/stack/hostile/victim?tab=%3Cimg%20src%3Dx%20onerror%3Dwindow.taken%3D1%3E",
        "/tree/hostile/victim?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.taken%3D1%3E",
        "/stack/..%2F..%2Fapi/about",
        "/way/hostile/victim?host=%22%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.taken%3D1%3E&path=%3Cb%3E",
        "/%E0%A4%A/x",
    ],
)
def test_address_made_by_somebody_else_shows_text(page: Page, path: str) -> None:
    with page.visit(path) as visit:
        visit.expected += ["status of 40"]
        visit.page.get_by_role("main").wait_for()
        harmless(visit)


def test_page_of_the_shop_goes_on_beside_it(page: Page) -> None:
    with page.visit("/") as visit:
        expect(stack_row(visit.page, SHOP)).to_contain_text(SHOPS)
        expect(stack_row(visit.page, NAME)).to_be_visible()
        assert rows(visit.page).count() > 2
        harmless(visit)


def test_name_with_markup_is_no_name_of_a_stack(control_plane: ControlPlane) -> None:
    """Names and keys cannot hold any of it: the API server refuses them, so that they are tried in addresses above."""
    metadata = {"name": "<img>", "namespace": NAMESPACE}
    manifest = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": {"services": {}}}
    with pytest.raises(Refused, match="422"):
        control_plane.api.create(STACK.path(NAMESPACE), manifest)
