"""``dependsOn`` on a real control plane: nothing runs before what it waits for, in one stack and across stacks."""

from collections.abc import Callable
from typing import Any

from cluster.program import Cli
from lab import Operator
from support.kube.trees import Trees, child, service, targets

HEALTHY = {"condition": "healthy"}
COMPLETED = {"condition": "completed"}
UNREADY = "lab.invalid/unready:1"
GOOD = "docker.io/library/web:1"


def chain(db: str = GOOD, web: str = GOOD) -> dict[str, Any]:
    """The front's web waits for the orders' api, that for a job, and that for the database."""
    job = {"mode": "replicatedJob"}
    orders = child(
        {
            "db": service(db),
            "migrate": service(dependsOn={"db": HEALTHY}, deploy=job),
            "api": service(dependsOn={"migrate": COMPLETED, "db": HEALTHY}),
        }
    )
    front = child({"web": service(web, dependsOn={"orders/api": HEALTHY}), "other": service()})
    return {"services": {"orders": orders, "front": front}}


def message(trees: Trees, stack: str, key: str) -> str:
    found = trees.get("AiltireStack", stack) or {}
    return str(found.get("status", {}).get("services", {}).get(key, {}).get("message", ""))


def says(trees: Trees, stack: str, key: str, words: str) -> Callable[[], bool]:
    return lambda: words in message(trees, stack, key)


def made(trees: Trees, mark: int) -> list[str]:
    """The workloads that the operator wrote since a mark, in the order in which it did."""
    kinds = ("deployments.apps", "jobs.batch")
    return [each.name for each in trees.writes(mark) if each.resource in kinds and each.verb == "patch"]


def image(trees: Trees, deployment: str) -> str:
    return str(trees.must("Deployment", deployment)["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_chain_over_two_stacks(trees: Trees, operator: Operator) -> None:
    mark = trees.audit.mark()
    trees.apply("shop", chain(db=UNREADY))
    trees.until("web waits", says(trees, "shop-front", "web", "waits for orders/api to be healthy (not created yet)"))
    trees.until("migrate", says(trees, "shop-orders", "migrate", "waits for db to be healthy (0/1)"))
    # What is named at the root is what all the others wait for.
    trees.until("the root", lambda: "orders: service db 0/1" in trees.condition("shop").get("message", ""))
    trees.until("other", lambda: trees.status("shop-front")["services"]["other"]["ready"] == 1)
    reconciling = trees.condition("shop-front", "Reconciling")
    assert (reconciling["status"], reconciling["reason"]) == ("True", "Waiting")
    assert reconciling["message"] == "service web 0/1 waits for orders/api to be healthy (not created yet)"
    shown = Cli(trees.plane, trees.namespace)("tree", "shop").out
    assert "web  0/1  waits for orders/api to be healthy (not created yet)\n" in shown

    trees.settle()
    operator.restart()
    trees.settle()
    assert made(trees, mark).count("shop-orders-db") == 1
    assert trees.names("Job") == set()
    assert trees.names("Deployment") == {"shop-orders-db", "shop-front-other"}
    assert {"shop-front-web", "shop-orders-api"} <= trees.names("Service"), "the addresses do not wait"

    trees.apply("shop", chain())
    trees.until_ready("shop")
    order = [each.rpartition("-")[0] if "migrate" in each else each for each in made(trees, mark)]
    assert order == [
        *sorted(["shop-front-other", "shop-orders-db"], key=order.index),
        "shop-orders-db",
        "shop-orders-migrate",
        "shop-orders-api",
        "shop-front-web",
    ]
    (job,) = trees.all_of("Job")
    api, web = trees.must("Deployment", "shop-orders-api"), trees.must("Deployment", "shop-front-web")
    assert job["status"]["completionTime"] <= api["metadata"]["creationTimestamp"]
    assert api["metadata"]["creationTimestamp"] <= web["metadata"]["creationTimestamp"]

    trees.settle()
    mark = trees.audit.mark()
    operator.restart()
    trees.settle()
    assert targets(trees.writes(mark)) == []


def test_an_update_goes_through_the_chain_in_order_and_what_runs_runs_on(trees: Trees) -> None:
    trees.apply("shop", chain())
    trees.until_ready("shop")
    trees.settle()
    # The dependency's trouble alone is nobody else's.
    mark = trees.audit.mark()
    trees.apply("shop", chain(db=UNREADY))
    trees.until("trouble", lambda: trees.status("shop-orders")["services"]["db"]["ready"] == 0)
    trees.settle()
    assert made(trees, mark) == ["shop-orders-db"]
    assert trees.is_ready("shop-front")

    trees.apply("shop", trouble := chain(db=UNREADY, web="docker.io/library/web:2"))
    trees.settle()
    assert image(trees, "shop-front-web") == "docker.io/library/web:2", "it waits for api alone, which is healthy"
    orders = trouble["services"]["orders"]["stack"]["services"]
    orders["api"] = {**orders["api"], "image": "docker.io/library/web:2"}
    trees.apply("shop", trouble)
    words = "waits with its update for db to be healthy (0/1)"
    trees.until("api waits", says(trees, "shop-orders", "api", words))
    assert trees.status("shop-orders")["services"]["api"]["ready"] == 1
    assert image(trees, "shop-orders-api") == GOOD
    orders["db"] = service()
    trees.apply("shop", trouble)
    trees.until("the update", lambda: image(trees, "shop-orders-api") == "docker.io/library/web:2")
    trees.until_ready("shop")


def test_a_child_stack_waits_as_a_whole_and_is_waited_for_as_a_whole(trees: Trees) -> None:
    def spec(db: str) -> dict[str, Any]:
        return {
            "services": {
                "store": child({"db": service(db), "cache": service()}),
                "shop": child({"web": service()}, dependsOn={"store": HEALTHY}),
                "mail": service(dependsOn={"shop": HEALTHY}),
            }
        }

    mark = trees.audit.mark()
    trees.apply("root", spec(UNREADY))
    told = "stack waits for store to be ready (1/2 services)"
    trees.until("shop waits", lambda: trees.status("root").get("stacks", {}).get("shop", {}).get("message") == told)
    trees.until("mail", says(trees, "root", "mail", "waits for shop to be ready (not created yet)"))
    assert trees.names("AiltireStack") == {"root", "root-store"}
    trees.apply("root", spec(GOOD))
    trees.until_ready("root")
    assert made(trees, mark)[-2:] == ["root-shop-web", "root-mail"]


def test_a_circle_through_two_stacks_is_refused_and_what_runs_runs_on(trees: Trees) -> None:
    def spec(image: str, **waits: Any) -> dict[str, Any]:
        b = child({"y": service(dependsOn={"a/x": HEALTHY})})
        return {"services": {"a": child({"x": service(image, dependsOn=waits), "z": service(image)}), "b": b}}

    trees.apply("shop", spec(GOOD))
    trees.until_ready("shop")
    trees.apply("shop", spec("docker.io/library/web:2", **{"b/y": {}}))
    trees.until("z", lambda: image(trees, "shop-a-z") == "docker.io/library/web:2")
    stalled = trees.until("stalled", lambda: trees.condition("shop-a", "Stalled"))
    assert stalled["reason"] == "DependencyCycle"
    assert "spec.services.x.dependsOn: members cannot wait for each other: a/x -> b/y -> a/x" in stalled["message"]
    assert image(trees, "shop-a-x") == GOOD
    trees.apply("shop", spec("docker.io/library/web:2"))
    trees.until_ready("shop")
    assert image(trees, "shop-a-x") == "docker.io/library/web:2"


def test_a_path_to_nothing_and_one_that_need_not_be(trees: Trees) -> None:
    def spec(orders: dict[str, Any]) -> dict[str, Any]:
        optional = {**HEALTHY, "required": False}
        web = service(dependsOn={"orders/db": HEALTHY})
        return {"services": {"front": child({"web": web, "log": service(dependsOn={"orders/db": optional})}), **orders}}

    trees.apply("shop", spec({}))
    stalled = trees.until("stalled", lambda: trees.condition("shop-front", "Stalled"))
    assert stalled["reason"] == "DependencyMissing"
    trees.until("log", lambda: trees.names("Deployment") == {"shop-front-log"})
    trees.apply("shop", spec({"orders": child({"db": service()})}))
    trees.until_ready("shop")
    assert "shop-front-web" in trees.names("Deployment")


def test_a_tree_that_waits_is_deleted_like_any_other(trees: Trees) -> None:
    trees.apply("shop", chain(db=UNREADY))
    trees.until("web waits", says(trees, "shop-front", "web", "waits for"))
    trees.delete("ailtirestack", "shop")
    trees.until("gone", lambda: not trees.owned() and not trees.names("AiltireStack"))
