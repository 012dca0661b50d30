"""stopped and restartedAt on a real control plane: the order of what ends and starts, counts, volumes and jobs."""

from typing import Any

from lab import Operator
from support.kube.trees import Trees, child, service, targets

HEALTHY = {"condition": "healthy"}
ROUTE = {"/": {"path": "/", "port": 8080}}
ENDLESS = "lab.invalid/endless:1"
WORKLOADS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch")
STOPPED = {"shop-orders-api", "shop-orders-agent", "shop-orders-cache", "shop-orders-db", "shop-orders-deep-worker"}


def needs(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, HEALTHY)


def shop(web: str = "docker.io/library/web:1", **orders: Any) -> dict[str, Any]:
    """A front with a middle stack that it depends on, in which there is a workload of every kind."""
    scaling: dict[str, Any] = {
        "policies": {"scaling": {"min": 2, "max": 5}},
        "deploy": {"resources": {"reservations": {"cpu": "10m"}}},
    }
    middle = child(
        {
            "db": service(volumes={"rows": {"source": "rows", "target": "/rows"}}, deploy={"replicas": 2}),
            "cache": service(dependsOn=needs("db"), **scaling),
            "migrate": service(dependsOn=needs("db"), deploy={"mode": "replicatedJob"}),
            "import": service(ENDLESS, dependsOn=needs("db"), deploy={"mode": "replicatedJob"}),
            "agent": service(dependsOn=needs("db"), deploy={"mode": "global"}),
            "api": service(dependsOn=needs("cache"), interface=ROUTE, deploy={"replicas": 3}),
            "deep": child({"worker": service(dependsOn=needs("orders/api"))}),
        },
        interface={"/orders": {}},
        **orders,
    )
    middle["stack"]["data"] = {"rows": {"perReplica": True, "size": "1Gi"}}
    return {"services": {"web": service(web, interface=ROUTE, dependsOn=needs("orders/api")), "orders": middle}}


def written(trees: Trees, mark: int) -> list[str]:
    """The workloads that the operator wrote since a mark, in the order in which it did; jobs without their hash."""
    found = [each for each in trees.writes(mark) if each.resource in WORKLOADS and each.verb == "patch"]
    return [each.name.rpartition("-")[0] if each.resource == "jobs.batch" else each.name for each in found]


def counts(trees: Trees) -> dict[str, int]:
    """The replicas that every workload is asked for, and the nodes of one on all nodes."""
    found = {each["metadata"]["name"]: each["spec"]["replicas"] for each in trees.all_of("Deployment")}
    found |= {each["metadata"]["name"]: each["spec"]["replicas"] for each in trees.all_of("StatefulSet")}
    nodes = trees.all_of("DaemonSet")
    return found | {each["metadata"]["name"]: each["status"]["desiredNumberScheduled"] for each in nodes}


def pods(trees: Trees) -> list[str]:
    """The pods of the middle stack and below that have not ended, gateways excluded."""
    return [
        each["metadata"]["name"]
        for each in trees.all_of("Pod")
        if each["metadata"]["labels"].get("ailtire.io/stack", "").startswith("shop-orders")
        and each["metadata"]["labels"].get("app.kubernetes.io/component") != "gateway"
        and each["status"].get("phase") not in ("Succeeded", "Failed")
    ]


def runs(trees: Trees) -> None:
    """Wait until all of it runs, but for the job that never ends."""
    trees.until("the root says so", lambda: "import" in trees.condition("shop").get("message", ""))
    trees.until("the front", lambda: trees.status("shop")["services"]["web"]["ready"] == 1)
    trees.until("the autoscaler", lambda: trees.must("Deployment", "shop-orders-cache")["spec"]["replicas"] == 2)
    trees.settle()


def test_a_middle_stack_stops_in_reverse_order_and_starts_again_as_it_was(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", shop())
    runs(trees)
    before, claims = counts(trees), {each["metadata"]["uid"] for each in trees.all_of("PersistentVolumeClaim")}
    templates = {name: trees.must("Deployment", name)["spec"]["template"] for name in ("shop-orders-api", "shop-web")}
    jobs = {each["metadata"]["uid"] for each in trees.all_of("Job")}
    assert len(claims) == 2
    mark = trees.audit.mark()

    trees.apply("shop", shop(stopped=True))
    trees.until("stopped", lambda: trees.condition("shop-orders", "Stopped").get("status") == "True")
    trees.until_ready("shop")
    trees.settle()
    assert pods(trees) == []
    order = written(trees, mark)
    assert sorted(order) == sorted(
        [*STOPPED, "shop-orders--gateway", "shop--gateway", *["shop-orders-migrate"], "shop-orders-import"]
    )
    position = {name: order.index(name) for name in order}
    assert position["shop-orders--gateway"] < position["shop-orders-api"], "its callers get an answer"
    assert position["shop-orders-deep-worker"] < position["shop-orders-api"] < position["shop-orders-cache"]
    assert position["shop-orders-db"] == max(position[name] for name in (*STOPPED, "shop-orders-import"))
    assert counts(trees) == {**before, **dict.fromkeys(STOPPED, 0)}
    assert trees.names("HorizontalPodAutoscaler") == set()
    status = trees.status("shop-orders")
    assert (status["ready"], status["counts"]["servicesStopped"]) == ("Stopped", 7)
    assert "2 stacks stopped" in trees.condition("shop")["message"]

    # Who depends on it from outside runs on, and says why its update waits.
    trees.apply("shop", shop("docker.io/library/web:2", stopped=True))
    words = "waits with its update for orders/api (it is stopped)"
    trees.until("web waits", lambda: words in trees.status("shop")["services"]["web"].get("message", ""))
    assert trees.must("Deployment", "shop-web")["spec"]["template"] == templates["shop-web"]
    trees.apply("shop", shop(stopped=True))
    trees.until_ready("shop")
    trees.settle()
    mark = trees.audit.mark()
    operator.restart()
    trees.settle()
    assert targets(trees.writes(mark)) == []

    trees.apply("shop", shop())
    runs(trees)
    order = written(trees, mark)
    first = [name for name in order if name in STOPPED]
    assert first.index("shop-orders-db") < first.index("shop-orders-cache") < first.index("shop-orders-api")
    assert first.index("shop-orders-api") < first.index("shop-orders-deep-worker")
    assert len(first) == len(STOPPED), "each once"
    assert counts(trees) == before
    assert trees.must("Deployment", "shop-orders-api")["spec"]["template"] == templates["shop-orders-api"]
    assert trees.names("HorizontalPodAutoscaler") == {"shop-orders-cache"}
    assert {each["metadata"]["uid"] for each in trees.all_of("PersistentVolumeClaim")} == claims
    assert {each["metadata"]["uid"] for each in trees.all_of("Job")} == jobs


def test_an_operator_that_dies_while_it_stops_a_tree_stops_it_all_the_same(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", shop())
    runs(trees)
    mark = trees.audit.mark()
    trees.apply("shop", {**shop(), "stopped": True})
    trees.until("a first one", lambda: trees.must("Deployment", "shop-web")["spec"]["replicas"] == 0)
    operator.kill()
    operator.start()
    trees.until("stopped", lambda: trees.condition("shop", "Stopped").get("status") == "True")
    trees.settle()
    assert pods(trees) == []
    order = [name for name in written(trees, mark) if name in (*STOPPED, "shop-web")]
    assert len(order) == len(STOPPED) + 1, "each once"
    assert order.index("shop-web") < order.index("shop-orders-api")
    assert order[-1] == "shop-orders-db"
    assert trees.status("shop")["ready"] == "Stopped"


def test_a_restart_replaces_every_pod_of_a_subtree_once_and_in_order(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", shop())
    runs(trees)
    mark = trees.audit.mark()
    trees.apply("shop", shop(restartedAt="2026-11-29T12:00:00Z"))
    trees.until(
        "the last one",
        lambda: "annotations" in trees.must("Deployment", "shop-orders-deep-worker")["spec"]["template"]["metadata"],
        90,
    )
    runs(trees)
    order = written(trees, mark)
    assert sorted(order) == sorted([*STOPPED, "shop-orders--gateway"]), "each once, and no job"
    position = {name: order.index(name) for name in order}
    chain = ("shop-orders-db", "shop-orders-cache", "shop-orders-api", "shop-orders-deep-worker")
    assert [position[name] for name in chain] == sorted(position[name] for name in chain)
    mark = trees.audit.mark()
    trees.apply("shop", shop())
    runs(trees)
    operator.restart()
    runs(trees)
    assert written(trees, mark) == [], "a time that a file takes away again restarts nothing"
    mark = trees.audit.mark()
    operator.restart()
    trees.settle()
    assert targets(trees.writes(mark)) == []
