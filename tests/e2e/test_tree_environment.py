"""What a container is told of its place in the tree, and what it is spared: a restart because of its neighbours."""

from typing import Any

from e2e.asking import Pod
from e2e.conftest import Tree
from e2e.tree import await_tree, deployments, patch, pods
from support.conditions import is_true

TABLE = {
    # stack: AILTIRE_PARENTHOST, AILTIRE_PARENT_NETWORK of its services
    "shop": ("shop", "shop_top"),
    "shop-cpl": ("shop-cpl", "shop_shop_cpl_family"),
    "shop-cpl-dm": ("shop-cpl-dm", "shop_shop-cpl_dm_family"),
}
GATEWAYS = {
    # stack: AILTIRE_PARENT, AILTIRE_PARENTHOST, AILTIRE_SERVICENAME of its gateway
    "shop": ("", "", "shop"),
    "shop-cpl": ("shop", "shop", "cpl"),
    "shop-cpl-dm": ("shop-cpl", "shop-cpl", "dm"),
}


def test_every_container_s_environment_is_the_table(asked_tree: Tree) -> None:
    found = pods(asked_tree.namespace, "ailtire.io/root=shop")
    told = {name: _environment(asked_tree, pod) for name, pod in found.items()}
    assert told == {name: _expected(pod) for name, pod in found.items()}
    assert len([name for name in found if "--gateway-" in name]) == 6, "two of each level"
    assert len(found) > 14


def _expected(pod: dict[str, Any]) -> dict[str, str]:
    labels = pod["metadata"]["labels"]
    stack, service = labels["ailtire.io/stack"], labels.get("ailtire.io/service")
    if service is None:
        parent, host, key = GATEWAYS[stack]
        return _variables(stack, parent, host, key, TABLE[stack][1])
    return _variables(pod["metadata"]["name"], stack, TABLE[stack][0], service, TABLE[stack][1])


def _variables(name: str, parent: str, host: str, service: str, network: str) -> dict[str, str]:
    return {
        "AILTIRE_STACKNAME": name,
        "AILTIRE_PARENT": parent,
        "AILTIRE_PARENTHOST": host,
        "AILTIRE_APPNAME": "shop",
        "AILTIRE_SERVICENAME": service,
        "AILTIRE_PARENT_NETWORK": network,
    }


def _environment(tree: Tree, pod: dict[str, Any]) -> dict[str, str]:
    asked = Pod(tree.namespace, pod["metadata"]["name"])
    if "ailtire.io/service" in pod["metadata"]["labels"]:
        everything: dict[str, str] = asked.about()["environment"]
    else:
        everything = dict(line.split("=", 1) for line in asked.run("env").splitlines() if "=" in line)
    return {name: value for name, value in everything.items() if name.startswith("AILTIRE_")}


def test_a_new_service_is_known_to_its_stack_at_once_and_restarts_nothing_else(busy_tree: Tree) -> None:
    before = {name: _started(pod) for name, pod in pods(busy_tree.namespace, "ailtire.io/root=shop").items()}
    plain = {"image": busy_tree.lab.images.probe_musl, "user": "1000", "ports": {"http": {"port": 3000}}}
    deep = {"cpl": {"stack": {"services": {"dm": {"stack": {"services": {"late": plain}}}}}}}
    patch(busy_tree.namespace, {"services": {"late": plain, **deep}})
    await_tree(busy_tree.namespace)
    now = pods(busy_tree.namespace, "ailtire.io/root=shop")
    after = {name: _started(pod) for name, pod in now.items()}
    assert {name: after.get(name) for name in before} == before
    new = set(after) - set(before)
    assert deployments(new) == {"shop-late", "shop-cpl-dm-late"}
    assert all(is_true(now[name]) for name in new), "the root said that all below it are"
    assert busy_tree.pod("shop-web").resolve("late")["late"]
    busy_tree.pod("shop-cpl-dm-web").await_reach("late:3000")
    assert busy_tree.pod("shop-cpl-web").resolve("late")["late"] == []


def _started(pod: dict[str, Any]) -> tuple[str, list[int]]:
    restarts = [each["restartCount"] for each in pod["status"]["containerStatuses"]]
    return pod["metadata"]["uid"], restarts
