"""Two trees with one host, on a real API server: the later one says so everywhere, and heals when the other goes."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.program import Cli
from support.kube.trees import Trees, service

HOST = "shop.example.com"


def published(*hosts: str, **edge: Any) -> dict[str, Any]:
    web = service(interface={"/": {"path": "/", "port": 8080}})
    return {"services": {"web": web}, "edge": {"hosts": list(hosts), "className": "nginx", **edge}}


@pytest.fixture
def elsewhere(trees: Trees) -> Iterator[Trees]:
    """Stacks of another namespace."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    trees.plane.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    other = Trees(trees.plane, trees.audit, name)
    yield other
    other.kubectl("delete", "ailtirestacks", "--all")
    trees.plane.api.delete(f"/api/v1/namespaces/{name}")


def later(trees: Trees, name: str) -> None:
    """Wait until what is created from now on is younger than an Ingress: the API server counts in seconds."""
    created = trees.must("Ingress", name)["metadata"]["creationTimestamp"]
    trees.until("another second", lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") > created)


def message(trees: Trees, name: str) -> str:
    return str(trees.condition(name)["message"])


def test_the_later_tree_says_which_one_has_its_host_until_that_is_gone(trees: Trees, cli: Cli) -> None:
    trees.apply("first", published(HOST))
    trees.until_ready("first")
    later(trees, "first")
    written = json.dumps(trees.manifest("late", published("late.example.com", HOST)))
    noted = cli("diff", "-", stdin=written)
    assert noted.code == 1
    assert f"note: Ingress late: the host {HOST} was published by stack first before" in noted.err
    assert "late.example.com was" not in noted.err
    trees.apply("late", published("late.example.com", HOST))
    trees.until_ready("late")
    said = f"the host {HOST} was published by stack first before"
    trees.until("it is told", lambda: message(trees, "late") == f"1 service ready; {said}")
    found = trees.condition("late", "Conflicting")
    assert (found["reason"], found["message"]) == ("SharedHost", f"{said}; name another host, or remove one of them")
    assert (trees.condition("first", "Conflicting"), message(trees, "first")) == ({}, "1 service ready")
    assert said in trees.kubectl("get", "ailtirestacks")
    assert said in cli("notices", "late").out
    assert said in cli("tree", "late").out
    trees.settle()
    mark = trees.audit.mark()
    trees.settle()
    assert not trees.writes(mark)
    trees.delete("ailtirestack", "first")
    trees.until("healed", lambda: message(trees, "late") == "1 service ready")
    assert trees.condition("late", "Conflicting") == {}
    assert trees.must("Ingress", "late")["spec"]["rules"][1]["host"] == HOST


def test_a_tree_of_another_namespace_is_told_without_its_name(trees: Trees, elsewhere: Trees, cli: Cli) -> None:
    host = f"{trees.namespace}.example.com"
    elsewhere.apply("secret", published(host))
    elsewhere.until("its Ingress", lambda: elsewhere.get("Ingress", "secret"))
    later(elsewhere, "secret")
    written = json.dumps(trees.manifest("shop", published(host)))
    before = (
        f"Ingress shop: the host {host} was published by stack secret of the namespace {elsewhere.namespace} before"
    )
    assert before in cli("diff", "-", stdin=written).err, "whoever may list the other one sees its name anyway"
    trees.apply("shop", published(host))
    said = f"the host {host} was published by a stack of another namespace before"
    trees.until("it is told", lambda: said in str(trees.status("shop")))
    trees.until_ready("shop")
    assert "secret" not in str(trees.status("shop"))
    assert elsewhere.namespace not in str(trees.status("shop"))
    trees.apply("shop", published(host, className="internal"))
    trees.until("another class is another door", lambda: trees.condition("shop", "Conflicting") == {})
