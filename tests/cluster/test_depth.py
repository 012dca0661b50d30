"""Objects that nest as deep as an author likes: each gets a true status, and nobody else notices them."""

import re
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONFIG_MAP, STACK
from lab import ControlPlane, Operator
from support.definitions import nested
from support.kube.trees import Trees, content, service

CASES = {
    f"{shape}-{depth}-{number}": (shape, depth, manager)
    for shape, depths in {
        "lists": (100, 300, 1_000, 3_000, 9_000),
        "maps": (100, 300, 1_000, 3_000),
        "stacks": (100, 300),
    }.items()
    for depth in depths
    for number, manager in enumerate(("somebody", naming.FIELD_MANAGER))
    if depth < 3_000 or (shape, number) in {("lists", 0), ("lists", 1), ("maps", 0)}
}
"""An inline stack is three levels. The list of field managers nests as deep as maps do, and the API server takes time
by the square of its depth: a minute for one write of 9,000 levels on a busy machine. How the operator reads those is
tried without one (tests/unit/cluster_layer/test_decoding.py)."""


class Author:
    """Sends texts, which nobody here decodes, and reads what kubectl makes of the answers."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.namespace = f"deep-{uuid.uuid4().hex[:8]}"
        trust = ssl.create_default_context(cafile=str(plane.ca))
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        self._opener = urllib.request.build_opener(*handlers)

    def apply(self, path: str, manifest: str, manager: str) -> int:
        """Server-side apply; the status of the answer."""
        query = f"?fieldManager={manager}&force=true"
        headers = {"Authorization": f"Bearer {self.plane.token}", "Content-Type": "application/apply-patch+yaml"}
        url = f"{self.plane.url}{path}{query}"
        request = urllib.request.Request(url, manifest.encode(), headers, method="PATCH")
        try:
            with self._opener.open(request, timeout=150) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                error.read()
                return error.code

    def write(self, name: str, spec: str, manager: str = "somebody") -> int:
        """Write a stack."""
        head = f'"apiVersion":"{naming.API_VERSION}","kind":"{naming.KIND}","metadata":{{"name":"{name}"}}'
        return self.apply(STACK.path(self.namespace, name), f'{{{head},"spec":{spec}}}', manager)

    def stalled(self) -> dict[str, tuple[str, str]]:
        """The reason why each stack is stalled, of those that the status speaks of as they are now, and the message."""
        fields = (
            ".metadata.name",
            ".metadata.generation",
            ".status.observedGeneration",
            '.status.conditions[?(@.type=="Stalled")].reason',
            '.status.conditions[?(@.type=="Stalled")].message',
        )
        line = "|".join(f"{{{each}}}" for each in fields)
        line = f'{{range .items[*]}}{line}{{"\\n"}}{{end}}'
        text = self.plane.kubectl("get", naming.PLURAL, "-n", self.namespace, "-o", f"jsonpath={line}")
        parts = [each.split("|", 4) for each in text.splitlines()]
        return {each[0]: (each[3], each[4]) for each in parts if len(each) == 5 and each[1] == each[2]}


@pytest.fixture
def author(control_plane: ControlPlane, operator: Operator) -> Iterator[Author]:
    author = Author(control_plane)
    control_plane.kubectl("create", "namespace", author.namespace)
    yield author
    control_plane.kubectl("delete", naming.PLURAL, "--all", "-n", author.namespace, "--timeout=150s")
    control_plane.kubectl("delete", "namespace", author.namespace, "--wait=false")


def number(operator: Operator, metric: str) -> float:
    """The value of a metric."""
    found = re.search(rf"^{re.escape(metric)} (\S+)$", operator.get("/metrics"), re.MULTILINE)
    return float(found[1]) if found else 0.0


def images(trees: Trees, name: str) -> list[str]:
    """What a Deployment runs; nothing where there is none yet."""
    found: dict[str, Any] | None = trees.get("Deployment", name)
    return [each["image"] for each in found["spec"]["template"]["spec"]["containers"]] if found else []


def act(trees: Trees, tag: int) -> None:
    """Change the bystander, and see it done."""
    trees.apply("shop", {"services": {"web": service(f"docker.io/library/web:{tag}")}})
    trees.until("acted on", lambda: images(trees, "shop-web") == [f"docker.io/library/web:{tag}"])
    trees.until_ready("shop")


def test_stacks_that_nest_deep_are_refused_each_by_itself(trees: Trees, operator: Operator, author: Author) -> None:
    act(trees, 1)
    pid = operator.pid
    for name, (shape, depth, manager) in CASES.items():
        assert author.write(name, nested.spec(shape, depth), manager) in (200, 201), name
    act(trees, 2)

    def told() -> bool:
        found = author.stalled()
        return found.keys() == CASES.keys() and all(reason == "InvalidSpec" for reason, _ in found.values())

    trees.until("every status says so", told)
    assert all("spec.services.a.stack" in message for _, message in author.stalled().values())
    assert (operator.pid, operator.get("/healthz")) == (pid, "ok")
    unreadable = {name for name, (shape, depth, _) in CASES.items() if depth > 100 or shape == "stacks"}
    counted = f'ailtire_unreadable_objects{{kind="{naming.KIND}"}}'
    assert number(operator, counted) == len(unreadable)
    trees.settle()
    operator.restart()
    trees.until("counted again", lambda: number(operator, counted) == len(unreadable))
    act(trees, 3)
    assert operator.get("/healthz") == "ok"
    assert told()
    log = operator.log.read_text()
    for name in unreadable:
        lines = re.findall(rf"AiltireStack {name} in the namespace {author.namespace} cannot be read", log)
        assert 1 <= len(lines) <= 2, name
    assert "RecursionError" not in log
    author.plane.kubectl("delete", naming.PLURAL, "--all", "-n", author.namespace, "--timeout=150s")
    trees.until("none is left", lambda: number(operator, counted) == 0)
    act(trees, 4)


def test_what_runs_goes_on_while_its_definition_nests_too_deep(
    trees: Trees, operator: Operator, author: Author
) -> None:
    author.namespace, own = trees.namespace, author.namespace
    try:
        trees.apply("shop", {"services": {"web": service()}})
        trees.until_ready("shop")
        trees.settle()
        before = content(trees.must("Deployment", "shop-web"))
        for depth in (300, 3_000):
            assert author.write("shop", nested.spec("lists", depth), "an-editor") == 200
            trees.until("stalled", lambda: author.stalled().get("shop", ("",))[0] == "InvalidSpec")
            trees.settle()
            assert content(trees.must("Deployment", "shop-web")) == before
            assert author.write("shop", "{}", "an-editor") == 200
            trees.until_ready("shop")
    finally:
        author.namespace = own


def test_field_managers_that_nest_deep_are_nobodys_trouble(trees: Trees, operator: Operator, author: Author) -> None:
    """Who may write an object may write that list, in the operator's name too, and on objects of its own."""
    trees.apply(
        "shop", {"services": {"web": service(configs={"c": {"target": "/c"}})}, "configs": {"c": {"content": "x"}}}
    )
    trees.until_ready("shop")
    entry = (
        f'{{"manager":"{naming.FIELD_MANAGER}","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1",'
        f'"time":"2026-01-01T00:00:00Z","fieldsV1":{{"f:data":{nested.fields(3_000)}}}}}'
    )
    labels = f'{{"{naming.LABEL_MANAGED_BY}":"{naming.OPERATOR_NAME}"}}'
    body = (
        f'{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"deep","labels":{labels},'
        f'"managedFields":[{entry}]}},"data":{{"a":"b"}}}}'
    )
    trees.kubectl("create", "-f", "-", stdin=body)
    kept = trees.kubectl(
        "get", "configmap", "deep", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields}"
    )
    assert kept.count('"f:a"') > 2_000
    act(trees, 2)
    operator.restart()
    act(trees, 3)
    assert operator.get("/healthz") == "ok"
    assert CONFIG_MAP.kind not in operator.log.read_text().partition("Traceback")[2]
