"""The main job: a tree of stacks becomes what it says, stays so, and changes no more than what was changed."""

import time

from lab import Operator
from support.kube.trees import Trees, child, content, service, targets, tree

TREE = ("shop", "shop-cpl", "shop-cpl-dm")


def test_a_tree_of_three_levels_becomes_ready(trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    assert trees.names("AiltireStack") == set(TREE)
    assert all(trees.is_ready(name) for name in TREE)
    status = trees.status("shop")
    assert (status["counts"]["services"], status["counts"]["stacks"]) == ("4/4", "2/2")
    assert status["stacks"]["cpl"] == {"name": "shop-cpl", "ready": True, "services": "3/3"}
    assert trees.status("shop-cpl-dm")["services"]["db"]["ready"] == 1
    trees.until("an Event", lambda: _told_ready(trees))
    trees.settle()
    assert _told_ready(trees) == ["shop"], "nobody acts on those of the stacks below"


def test_a_resting_tree_is_not_written_to(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    trees.settle()
    before = _contents(trees)
    mark = trees.audit.mark()
    trees.apply("shop", tree())
    time.sleep(2)
    operator.restart()
    time.sleep(4)
    assert targets(trees.writes(mark)) == []
    assert _contents(trees) == before
    assert trees.is_ready("shop")


def test_a_leaf_image_changes_one_deployment_and_its_path(trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    trees.settle()
    templates = _templates(trees)
    mark = trees.audit.mark()
    trees.apply("shop", tree("docker.io/library/web:2"))
    trees.until("the new image", lambda: _image(trees, "shop-cpl-dm-api") == "docker.io/library/web:2")
    trees.until_ready("shop")
    trees.settle()
    written = targets(trees.writes(mark))
    assert [each for each in written if "status" not in each and "events" not in each] == [
        "patch ailtirestacks.ailtire.io shop-cpl",
        "patch ailtirestacks.ailtire.io shop-cpl-dm",
        "patch controllerrevisions.apps shop--revision-2",
        "patch deployments.apps shop-cpl-dm-api",
    ]
    assert {each.rpartition(" ")[2] for each in written if "/status" in each} == set(TREE)
    changed = {name for name, template in _templates(trees).items() if templates[name] != template}
    assert changed == {"shop-cpl-dm-api"}


def test_a_service_that_is_removed_goes(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": service(), "old": service(deploy={"replicas": 2})}})
    trees.until_ready("shop")
    trees.apply("shop", {"services": {"web": service()}})
    trees.until("old gone", lambda: not any(name == "shop-old" for _, name in trees.owned()))
    trees.until_ready("shop")
    assert trees.names("Deployment") == {"shop-web"}
    assert trees.status("shop")["services"].keys() == {"web"}


def test_a_plain_service_becomes_a_stack_and_back(trees: Trees) -> None:
    port = {"/a": {"path": "/", "port": 8080}}
    plain = {"services": {"web": service(), "a": service(interface=port)}}
    stack = {
        "services": {"web": service(), "a": child({"x": service(interface=port)}, interface={"/a": {"path": "/"}})}
    }
    trees.apply("shop", plain)
    trees.until_ready("shop")
    trees.apply("shop", stack)
    trees.until("the stack is there", lambda: "shop-a" in trees.names("AiltireStack"))
    trees.until_ready("shop", "shop-a")
    assert "shop-a" not in trees.names("Deployment")
    assert _owner(trees.must("Service", "shop-a")) == ("AiltireStack", "shop-a")
    trees.apply("shop", plain)
    trees.until("the service is there", lambda: "shop-a" in trees.names("Deployment"))
    trees.until_ready("shop")
    assert trees.names("AiltireStack") == {"shop"}
    assert _owner(trees.must("Service", "shop-a")) == ("AiltireStack", "shop")


def test_a_deployment_becomes_a_stateful_set_and_back(trees: Trees) -> None:
    mounted = {"services": {"db": service(volumes={"data": {"source": "records", "target": "/data"}})}}
    shared = {**mounted, "data": {"records": {"size": "1Gi"}}}
    own = {**mounted, "data": {"records": {"size": "1Gi", "perReplica": True}}}
    trees.apply("shop", shared)
    trees.until_ready("shop")
    trees.apply("shop", own)
    trees.until("a StatefulSet", lambda: trees.names("StatefulSet") == {"shop-db"})
    trees.until_ready("shop")
    assert trees.names("Deployment") == set()
    assert trees.status("shop")["services"]["db"]["kind"] == "StatefulSet"
    trees.apply("shop", shared)
    trees.until("a Deployment", lambda: trees.names("Deployment") == {"shop-db"})
    trees.until_ready("shop")
    assert trees.names("StatefulSet") == set()


def test_headless_becomes_a_cluster_address_and_back(trees: Trees) -> None:
    def spec(mode: str) -> dict[str, object]:
        ports = {"peer": {"port": 7000}}
        return {"services": {"db": service(ports=ports, deploy={"endpointMode": mode, "replicas": 2})}}

    trees.apply("shop", spec("vip"))
    trees.until_ready("shop")
    trees.until("the address in the zone", lambda: _zone(trees).get("db") == [_address(trees, "shop-db")])
    trees.apply("shop", spec("dnsrr"))
    trees.until("headless", lambda: _address(trees, "shop-db") == "None")
    trees.until("the pods in the zone", lambda: len(_zone(trees).get("db", ())) == 2)
    trees.until_ready("shop")
    trees.apply("shop", spec("vip"))
    trees.until("an address", lambda: _address(trees, "shop-db") not in ("None", ""))
    trees.until("the address in the zone", lambda: _zone(trees).get("db") == [_address(trees, "shop-db")])


def test_drift_is_undone(trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    trees.settle()
    good = _image(trees, "shop-web")
    trees.kubectl("set", "image", "deployment/shop-web", "web=evil:1")
    trees.until("the image", lambda: _image(trees, "shop-web") == good)
    trees.patch("networkpolicy", "shop--siblings--members", {"spec": {"ingress": [{}]}})
    trees.until("the policy", lambda: _ingress(trees) != [{}])
    trees.delete("service", "shop-cpl-web")
    trees.until("the service", lambda: trees.get("Service", "shop-cpl-web"))
    trees.delete("ailtirestack", "shop-cpl-dm")
    trees.until_ready("shop-cpl-dm", "shop")
    trees.patch("ailtirestack", "shop-cpl", {"spec": {"suspend": True, "services": {"web": {"image": "evil:1"}}}})
    trees.until("the child", lambda: "suspend" not in trees.must("AiltireStack", "shop-cpl")["spec"])
    trees.until_ready("shop")
    assert _image(trees, "shop-cpl-web") == "docker.io/library/web:1"


def test_what_others_add_to_a_workload_stays(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    trees.until_ready("shop")
    trees.kubectl("rollout", "restart", "deployment/shop-web")
    trees.until_ready("shop")
    trees.settle()
    template = trees.must("Deployment", "shop-web")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]


def _told_ready(trees: Trees) -> list[str]:
    """The stacks of which an Event says that they are ready."""
    return [each["involvedObject"]["name"] for each in trees.all_of("Event") if each["reason"] == "Ready"]


def _contents(trees: Trees) -> dict[tuple[str, str], object]:
    return {key: content(item, key[0]) for key, item in trees.owned().items()}


def _templates(trees: Trees) -> dict[str, object]:
    return {item["metadata"]["name"]: item["spec"]["template"] for item in trees.all_of("Deployment")}


def _image(trees: Trees, deployment: str) -> str:
    containers = trees.must("Deployment", deployment)["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])


def _owner(item: dict[str, object]) -> tuple[str, str]:
    (reference,) = item["metadata"]["ownerReferences"]  # type: ignore[index]
    return reference["kind"], reference["name"]


def _address(trees: Trees, name: str) -> str:
    found = trees.get("Service", name)
    return str(found["spec"].get("clusterIP", "")) if found else ""


def _zone(trees: Trees) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for each in trees.all_of("EndpointSlice"):
        if each["metadata"]["name"].startswith("z-"):
            for endpoint in each.get("endpoints") or ():
                names.setdefault(endpoint["hostname"], []).extend(endpoint["addresses"])
    return names


def _ingress(trees: Trees) -> object:
    return trees.must("NetworkPolicy", "shop--siblings--members")["spec"].get("ingress")
