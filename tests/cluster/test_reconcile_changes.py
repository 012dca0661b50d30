"""Changes of shape: routes of a gateway, volumes kept and dropped, maps that become empty, references that move."""

from typing import Any

from ailtire_operator import naming
from support.kube.trees import Trees, child, service


def routed(*prefixes: str) -> dict[str, Any]:
    return service(interface={prefix: {"path": "/", "port": 8080} for prefix in prefixes})


def test_a_gateway_changes_its_configuration_by_a_new_object_and_drops_the_old_one_last(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": routed("/a")}})
    trees.until_ready("shop")
    (old,) = trees.names("ConfigMap") - {"kube-root-ca.crt"}
    trees.apply("shop", {"services": {"web": routed("/a", "/b")}})
    trees.until("a new configuration", lambda: len(trees.names("ConfigMap") - {"kube-root-ca.crt", old}) == 1)
    trees.until_ready("shop")
    trees.until("the old one gone", lambda: old not in trees.names("ConfigMap"))
    deployment = trees.must("Deployment", "shop--gateway")
    (volume,) = [each for each in deployment["spec"]["template"]["spec"]["volumes"] if "configMap" in each]
    assert volume["configMap"]["name"] in trees.names("ConfigMap")
    assert [route["path"] for route in trees.status("shop")["routes"]] == ["/a", "/b"]


def test_an_old_configuration_stays_while_an_old_pod_may_need_it(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": routed("/a")}})
    trees.until_ready("shop")
    (old,) = trees.names("ConfigMap") - {"kube-root-ca.crt"}
    unplaceable = {"resources": {"reservations": {"cpu": "9999"}}}
    trees.apply("shop", {"services": {"web": routed("/a", "/b")}, "gateway": unplaceable})
    trees.until("stuck", lambda: trees.condition("shop")["reason"] == "Unschedulable")
    trees.settle()
    assert old in trees.names("ConfigMap")
    assert trees.condition("shop")["message"].startswith("gateway 0/2: Unschedulable")
    trees.apply("shop", {"services": {"web": routed("/a", "/b")}})
    trees.until_ready("shop")
    trees.until("the old one gone", lambda: old not in trees.names("ConfigMap"))


def test_without_routes_there_is_no_gateway_any_more(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": routed("/a")}})
    trees.until_ready("shop")
    trees.apply("shop", {"services": {"web": service()}})
    gone = {("Deployment", "shop--gateway"), ("Service", "shop")}
    trees.until("no gateway", lambda: not gone & trees.owned().keys())
    trees.until("no configuration", lambda: trees.names("ConfigMap") == {"kube-root-ca.crt"})
    trees.until_ready("shop")


def test_volumes_go_or_stay_as_they_say(trees: Trees) -> None:
    def spec(**data: dict[str, Any]) -> dict[str, Any]:
        mounts = {key: {"source": key, "target": f"/{key}"} for key in data}
        return {"services": {"db": service(volumes=mounts)}, "data": data}

    def volumes() -> set[str]:
        living = (each for each in trees.all_of("PersistentVolumeClaim") if "deletionTimestamp" not in each["metadata"])
        return {each["metadata"]["name"] for each in living}

    def claim(name: str) -> dict[str, Any]:
        metadata: dict[str, Any] = trees.must("PersistentVolumeClaim", name)["metadata"]
        return metadata

    trees.apply("shop", spec(keep={"retain": True}, drop={}))
    trees.until_ready("shop")
    assert "ownerReferences" not in claim("shop--keep--data")
    kept = claim("shop--keep--data")["uid"]
    trees.apply("shop", spec(other={}))
    trees.until("dropped", lambda: volumes() == {"shop--keep--data", "shop--other--data"})
    trees.delete("ailtirestack", "shop")
    trees.until("the stack gone", lambda: trees.get("AiltireStack", "shop") is None)
    trees.until("only what is retained", lambda: volumes() == {"shop--keep--data"})
    trees.apply("shop", spec(keep={"retain": True}))
    trees.until_ready("shop")
    assert claim("shop--keep--data")["uid"] == kept
    trees.apply("shop", spec(keep={"retain": True}, late={}))
    trees.until_ready("shop")
    assert claim("shop--late--data")["ownerReferences"][0]["name"] == "shop"
    trees.apply("shop", spec(keep={"retain": True}, late={"retain": True}))
    trees.until("let go", lambda: "ownerReferences" not in claim("shop--late--data"))


def test_a_map_of_a_child_may_become_empty(trees: Trees) -> None:
    """Server-side apply makes null of such a map, in the root's own definition too."""

    def spec(**fields: Any) -> dict[str, Any]:
        return {"services": {"a": child({"web": service(**fields), "other": service()})}}

    trees.apply("shop", spec(environment={"A": "b"}, networks={"siblings": {"aliases": ["x"]}}))
    trees.until_ready("shop")
    trees.apply("shop", spec(environment={}, networks={"siblings": {}}))
    trees.until("emptied", lambda: not _member(trees).get("environment"))
    trees.until_ready("shop")
    assert _member(trees)["networks"] in ({"siblings": {}}, {"siblings": None})
    trees.apply("shop", spec(environment={"A": "c"}))
    trees.until("filled", lambda: _member(trees).get("environment") == {"A": "c"})
    trees.until_ready("shop")


def test_a_child_by_reference_becomes_inline_and_keeps_what_is_the_same(trees: Trees) -> None:
    services = {"x": service(), "y": service()}
    trees.apply("tpl", {"templateOnly": True, "services": services})
    trees.apply("shop", {"services": {"a": {"type": "stack", "stackRef": {"name": "tpl"}}}})
    trees.until_ready("shop")
    trees.settle()
    before = _planned(trees)
    trees.apply("shop", {"services": {"a": child(services)}})
    trees.delete("ailtirestack", "tpl")
    trees.until_ready("shop")
    trees.settle()
    assert _planned(trees) == before


def _planned(trees: Trees) -> dict[str, str]:
    """The uid of everything that the tree is made of, by name; each definition of it is one revision more."""
    found = {name: each["metadata"]["uid"] for (_, name), each in trees.owned().items()}
    return {name: uid for name, uid in found.items() if naming.REVISION_INFIX not in name}


def test_the_end_of_a_namespace_is_the_end(trees: Trees) -> None:
    trees.apply("shop", {"services": {"a": child({"x": service()}), "web": service()}})
    trees.until_ready("shop")
    trees.plane.kubectl("delete", "namespace", trees.namespace, "--timeout=150s")
    trees.plane.kubectl("create", "namespace", trees.namespace)
    assert trees.owned() == {}


def _member(trees: Trees) -> dict[str, Any]:
    member: dict[str, Any] = trees.must("AiltireStack", "shop-a")["spec"]["services"]["web"]
    return member
