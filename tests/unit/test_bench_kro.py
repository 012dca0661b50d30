"""The definitions by which kro makes the tree of ``make bench``: what is replaced in them, and their names."""

from typing import Any

import pytest

from bench import kro, tree

_HASH = "0123456789"


def _manifest(kind: str, name: str, stack: str, **fields: Any) -> dict[str, Any]:
    labels = {"ailtire.io/root": "bench", "ailtire.io/stack": stack}
    metadata = {"name": name, "namespace": kro.NAMESPACE, "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def _manifests() -> list[dict[str, Any]]:
    stacks = [
        "bench",
        *(f"bench-p{one}" for one in range(2)),
        *(f"bench-p{one}-p{two}" for one in (0, 1) for two in (0,)),
    ]
    services = [_manifest("Service", f"{stack}-s0", stack) for stack in stacks]
    networks = [_manifest("Service", f"z-{_HASH[:9]}{number}", stack) for number, stack in enumerate(stacks)]
    values = {
        "image": "bench_s0:1",
        "parent": "bench-p0",
        "member": "p0",
        "network": "bench_bench-p0_p0_family",
        "search": f"z-{_HASH[:9]}3.{kro.NAMESPACE}.svc",
        "port": 8080,
        "names": ["bench-p0-p0-s0"],
    }
    return [*services, *networks, _manifest("ConfigMap", "bench-p0-p0--gateway-1", "bench-p0-p0", data=values)]


@pytest.fixture
def definitions(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(tree, "FAN_OUT", (2, 1))
    return kro.definitions(_manifests(), "bench")


def _templates(definition: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["template"] for each in definition["spec"]["resources"]]


def test_leaves_come_first_as_each_definition_needs_the_kind_below(definitions: list[dict[str, Any]]) -> None:
    assert [each["spec"]["schema"]["kind"] for each in definitions] == ["BenchLeaf", "BenchMiddle", "BenchRoot"]


def test_names_become_those_of_the_instance(definitions: list[dict[str, Any]]) -> None:
    configuration = _templates(definitions[0])[-1]
    assert configuration["metadata"]["name"] == "${schema.metadata.name}--gateway-1"
    assert "namespace" not in configuration["metadata"]
    assert configuration["data"] == {
        "image": "bench_s0:1",
        "parent": "${schema.spec.parent}",
        "member": "${schema.spec.member}",
        "network": "bench_${schema.spec.parent}_${schema.spec.member}_family",
        "search": "z-${schema.metadata.name}.${schema.metadata.namespace}.svc",
        "port": 8080,
        "names": ["${schema.metadata.name}-s0"],
    }


def test_the_children_are_a_collection(definitions: list[dict[str, Any]]) -> None:
    children = [each["spec"]["resources"][-1] for each in definitions[1:]]
    assert [each["forEach"] for each in children] == [
        [{"number": "${lists.range(1)}"}],
        [{"number": "${lists.range(2)}"}],
    ]
    assert children[0]["template"]["metadata"] == {"name": "${schema.metadata.name}-p${string(number)}"}
    member = "p${string(number)}"
    assert [each["template"]["spec"] for each in children] == [
        {"member": member, "parent": "${schema.metadata.name}"},
        {"member": member},
    ]


def test_every_stack_has_its_objects(definitions: list[dict[str, Any]]) -> None:
    found = [(each["kind"], each["metadata"]["name"]) for each in kro.objects(definitions, "bench")]
    leaves, above = ["bench-p0-p0", "bench-p1-p0"], ["bench", "bench-p0", "bench-p1"]
    assert sorted(found) == sorted(
        [
            ("Service", f"{prefix}{stack}{suffix}")
            for stack in leaves + above
            for prefix, suffix in (("", "-s0"), ("z-", ""))
        ]
        + [("ConfigMap", f"{leaf}--gateway-1") for leaf in leaves]
    )
