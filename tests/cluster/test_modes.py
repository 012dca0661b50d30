"""Jobs and global services, run by the operator: a job once for each definition, a service on every node."""

from support.kube.trees import Trees, service


def test_a_job_runs_once_for_each_definition(trees: Trees) -> None:
    def declare(**job: object) -> None:
        deploy = {"mode": "replicatedJob", "replicas": 2, **job}
        trees.apply("shop", {"services": {"once": service(deploy=deploy), "agent": service(deploy={"mode": "global"})}})

    declare()
    trees.until_ready("shop")
    (first,) = trees.names("Job")
    agents = trees.must("DaemonSet", "shop-agent")["status"]["desiredNumberScheduled"]
    status = trees.status("shop")["services"]
    assert (status["once"]["ready"], status["agent"]["ready"]) == (2, agents)
    assert trees.must("Job", first)["status"]["succeeded"] == 2

    trees.settle()
    declare(restartPolicy={"maxAttempts": 5})
    trees.until("the bound", lambda: trees.must("Job", first)["spec"]["backoffLimit"] == 5)
    trees.until_ready("shop")
    assert trees.names("Job") == {first}, "nothing is run again that has not changed"

    declare(replicas=1)
    trees.until("another job", lambda: len(names := trees.names("Job")) == 1 and first not in names)
    trees.until_ready("shop")
    assert trees.status("shop")["services"]["once"]["ready"] == 1


def test_a_global_job_runs_as_often_as_there_are_nodes(trees: Trees) -> None:
    trees.apply("shop", {"services": {"once": service(deploy={"mode": "globalJob"})}})
    trees.until_ready("shop")
    (job,) = trees.all_of("Job")
    count = len(nodes(trees))
    assert (job["spec"]["completions"], job["status"]["succeeded"]) == (count, count)


def test_a_global_job_runs_once_on_the_node_that_it_is_for(trees: Trees) -> None:
    node = min(nodes(trees))
    deploy = {"mode": "globalJob", "placement": {"constraints": [f"node.hostname == {node}"]}}
    trees.apply("shop", {"services": {"once": service(deploy=deploy)}})
    trees.until_ready("shop")
    assert placed(trees) == [node]


def test_pods_of_a_global_job_that_run_at_the_same_time_share_no_node(trees: Trees) -> None:
    # None ends here: a pod that has ended keeps no other from its node.
    trees.apply("shop", {"services": {"once": service("lab.invalid/endless", deploy={"mode": "globalJob"})}})
    trees.until("a pod on each node", lambda: set(placed(trees)) == nodes(trees))
    closed, *others = sorted(nodes(trees))
    trees.kubectl("cordon", closed)
    try:
        trees.kubectl("delete", "pods", f"--field-selector=spec.nodeName={closed}")
        trees.until("another pod", lambda: len(placed(trees)) == len(nodes(trees)))
        assert sorted(placed(trees)) == ["", *others], "no other node is free of this job"
    finally:
        trees.kubectl("uncordon", closed)


def placed(trees: Trees) -> list[str]:
    """The node of each pod that the scheduler has looked at; empty where it found none."""
    return [pod["spec"].get("nodeName", "") for pod in trees.all_of("Pod") if pod["status"].get("conditions")]


def nodes(trees: Trees) -> set[str]:
    """The names of the nodes, which all take pods."""
    return {node["metadata"]["name"] for node in trees.plane.api.get("/api/v1/nodes")["items"]}


def test_one_workload_takes_the_place_of_another(trees: Trees) -> None:
    for deploy, kind in (
        ({"replicas": 1}, "Deployment"),
        ({"mode": "global"}, "DaemonSet"),
        ({"mode": "replicatedJob"}, "Job"),
        ({"replicas": 1}, "Deployment"),
    ):
        trees.apply("shop", {"services": {"web": service(deploy=deploy)}})
        trees.until_ready("shop")
        found = {each for each in ("Deployment", "DaemonSet", "Job") if trees.names(each)}
        assert found == {kind}
