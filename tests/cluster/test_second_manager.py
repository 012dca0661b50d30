"""Fields that another manager adds to a stack's workloads: what they outlive, and where that ends."""

import json
from typing import Any

import pytest

from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import CommandError, Operator
from support.kube.trees import Trees, child, service, targets

Json = dict[str, Any]
GOOD, NEW, BAD = "docker.io/library/web:1", "docker.io/library/web:2", "lab.invalid/missing:3"
LOCKED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
KINDS: dict[str, Json] = {
    "Deployment": {},
    "DaemonSet": {"deploy": {"mode": "global"}},
    "StatefulSet": {"volumes": {"v": {"source": "own", "target": "/v"}}},
}


def web(image: str = GOOD, **fields: Any) -> Json:
    environment = fields.pop("environment", {"LEVEL": "info"})
    return {
        "services": {"web": service(image, environment=environment, **fields)},
        "data": {"own": {"perReplica": True}},
    }


def object_of(kind: str = "Deployment", **content: Any) -> Json:
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "shop-web"}, **content}


def added(kind: str = "Deployment") -> Json:
    """What a team adds: an item of each list that is merged, a list that the operator leaves alone, a field."""
    pod = {
        "hostAliases": [{"ip": "10.0.0.9", "hostnames": ["ledger"]}],
        "tolerations": [{"key": "team", "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [
            {
                "name": "web",
                "env": [{"name": "TEAM", "value": "a"}],
                "terminationMessagePolicy": "FallbackToLogsOnError",
            },
            {"name": "agent", "image": "docker.io/library/agent:1", "securityContext": LOCKED},
        ],
        "volumes": [{"name": "agent", "emptyDir": {}}],
    }
    return object_of(kind, spec={"template": {"metadata": {"annotations": {"example.com/team": "a"}}, "spec": pod}})


def add(trees: Trees, manifest: Json, *options: str) -> None:
    arguments = ("apply", "--server-side", "--field-manager=team", *options, "-f", "-")
    trees.kubectl(*arguments, stdin=json.dumps(manifest))


def template(trees: Trees, kind: str = "Deployment") -> Json:
    found: Json = trees.must(kind, "shop-web")["spec"]["template"]
    return found


def container(trees: Trees, kind: str = "Deployment") -> Json:
    return _container(template(trees, kind))


def _container(made: Json, name: str = "web") -> Json:
    found: Json = {each["name"]: each for each in made["spec"]["containers"]}.get(name, {})
    return found


def variables(trees: Trees, kind: str = "Deployment") -> Json:
    return _variables(template(trees, kind))


def _variables(made: Json) -> Json:
    return {each["name"]: each.get("value") for each in _container(made)["env"]}


def is_there(trees: Trees, kind: str = "Deployment") -> bool:
    """Whether all that was added is there; it must be there as a whole or not at all."""
    made = template(trees, kind)  # read once: a part read later may be of another version
    found = [
        made["metadata"].get("annotations", {}).get("example.com/team") == "a",
        [each["ip"] for each in made["spec"].get("hostAliases", ())] == ["10.0.0.9"],
        [each["key"] for each in made["spec"].get("tolerations", ())] == ["team"],
        _variables(made).get("TEAM") == "a",
        _container(made)["terminationMessagePolicy"] == "FallbackToLogsOnError",
        _container(made, "agent").get("image") == "docker.io/library/agent:1",
        "agent" in {each["name"] for each in made["spec"].get("volumes", ())},
    ]
    assert all(found) or not any(found), found
    return all(found)


def put_back(trees: Trees) -> list[str]:
    return [each["message"] for each in trees.all_of("Event") if each["reason"] == "PutBack"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_outlives_updates_changes_by_hand_and_the_operators_restart(
    trees: Trees, operator: Operator, kind: str
) -> None:
    more = KINDS[kind]
    trees.apply("shop", web(**more))
    trees.until_ready("shop")
    assert not is_there(trees, kind)
    add(trees, added(kind))
    trees.until_ready("shop")
    trees.settle()
    assert is_there(trees, kind)

    trees.apply("shop", web(NEW, environment={"OTHER": "b"}, **more))
    trees.until("the update", lambda: container(trees, kind)["image"] == NEW)
    trees.until_ready("shop")
    assert is_there(trees, kind)
    names = variables(trees, kind)
    assert (names.get("OTHER"), "LEVEL" in names) == ("b", False), "what the stack says no more goes"

    trees.kubectl("set", "image", f"{kind}/shop-web", "web=evil:1")
    trees.until("the image put back", lambda: container(trees, kind)["image"] == NEW)
    trees.until("the Event", lambda: put_back(trees))
    assert is_there(trees, kind)
    assert not [each for each in put_back(trees) if "containers[name=web].image" not in each], "only that was put back"

    trees.until_ready("shop")
    trees.settle()
    operator.stop()
    mark = trees.audit.mark()
    operator.start()
    trees.settle()
    assert [each for each in targets(trees.writes(mark)) if " shop-web" in each] == []
    assert is_there(trees, kind)

    add(trees, object_of(kind))
    trees.until("gone with its manager's word", lambda: not is_there(trees, kind))
    trees.until_ready("shop")


def test_what_is_added_outlives_a_restart_a_stop_and_a_failed_update(trees: Trees) -> None:
    cli = Cli(trees.plane, trees.namespace)
    back: Json = {"deploy": {"replicas": 2, "updateConfig": {"failureAction": "rollback", "monitor": "2s"}}}
    trees.apply("shop", web(**back))
    trees.until_ready("shop")
    add(trees, added())
    trees.until_ready("shop")
    trees.settle()

    assert cli("restart", "shop/web").code == Exit.DONE
    restarted = "ailtire.io/restarted-at"
    trees.until("the restart", lambda: restarted in template(trees)["metadata"].get("annotations", {}))
    trees.until_ready("shop")
    assert is_there(trees)

    trees.apply("shop", {**web(**back), "stopped": True})
    trees.until("the stop", lambda: trees.must("Deployment", "shop-web")["spec"]["replicas"] == 0)
    assert is_there(trees)
    trees.apply("shop", web(**back))
    trees.until("the start", lambda: trees.must("Deployment", "shop-web")["spec"]["replicas"] == 2)
    trees.until_ready("shop")
    trees.until_kept(GOOD)

    trees.apply("shop", web(BAD, **back))
    trees.until("the way back", lambda: trees.condition("shop", "Stalled").get("reason") == "RolledBack")
    assert container(trees)["image"] == GOOD
    assert is_there(trees)


def test_a_field_of_the_stack_stays_the_stacks(trees: Trees) -> None:
    trees.apply("shop", web())
    trees.until_ready("shop")
    trees.settle()
    pod = {"containers": [{"name": "web", "image": NEW, "env": [{"name": "TEAM", "value": "a"}]}]}
    wanted = object_of(spec={"template": {"spec": pod}})
    with pytest.raises(CommandError, match="ailtire-operator"):
        add(trees, wanted)
    assert "TEAM" not in variables(trees), "nothing of a refused apply is there"

    add(trees, wanted, "--force-conflicts")
    trees.until("the image put back", lambda: container(trees)["image"] == GOOD)
    trees.until("the Event", lambda: [each for each in put_back(trees) if "(changed by team)" in each])
    trees.settle()
    assert (container(trees)["image"], variables(trees)["TEAM"]) == (GOOD, "a"), "and the rest of it is kept"


def test_what_is_made_anew_has_lost_what_was_added(trees: Trees) -> None:
    trees.apply("shop", web())
    trees.until_ready("shop")
    add(trees, added())
    trees.until_ready("shop")
    trees.delete("deployment", "shop-web")
    trees.until("a new one", lambda: (trees.get("Deployment", "shop-web") or {}) and not is_there(trees))
    trees.until_ready("shop")

    add(trees, added())
    trees.apply("shop", web(**KINDS["StatefulSet"]))
    trees.until("another kind", lambda: trees.get("StatefulSet", "shop-web"))
    assert not is_there(trees, "StatefulSet")


def test_a_partial_object_makes_no_workload_before_the_stack_does(trees: Trees) -> None:
    with pytest.raises(CommandError, match="selector"):
        add(trees, added())
    assert trees.get("Deployment", "shop-web") is None
    trees.apply("shop", web())
    trees.until_ready("shop")


def test_nothing_is_added_to_the_definition_of_a_child(trees: Trees) -> None:
    trees.apply("shop", {"services": {"kid": child({"web": service()})}})
    trees.until_ready("shop", "shop-kid")
    before = trees.must("AiltireStack", "shop-kid")["spec"]
    more = {**trees.manifest("shop-kid", {"services": {"web": {"labels": {"team": "a"}}}})}
    trees.plane.kubectl(
        "apply", "--server-side", "--field-manager=team", "--validate=false", "-f", "-", stdin=json.dumps(more)
    )
    trees.until("the Event", lambda: [each for each in put_back(trees) if "AiltireStack shop-kid" in each])
    trees.until("as it was", lambda: trees.must("AiltireStack", "shop-kid")["spec"] == before)
