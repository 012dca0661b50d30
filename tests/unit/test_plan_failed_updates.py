"""What is planned where an update has failed: what ran before, or the roll-out as it stands, until it is edited."""

from typing import Any

import pytest

from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import FailedUpdate, Manifest, Observed, Plan
from ailtire_operator.plan.workload.failed_updates import last_good
from support.definitions.stacks import SETTINGS, stack
from support.definitions.wide import by_ref

Json = dict[str, Any]
BEFORE: Json = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}


def planned(update: Json, failed: FailedUpdate | None = None, generation: int = 7, **fields: Any) -> Plan:
    data = {"data": {"d": {"perReplica": True}}} if "volumes" in fields else {}
    mode = {"mode": fields.pop("mode")} if "mode" in fields else {}
    service = {"image": "web:2", "user": "1000", "deploy": {"updateConfig": update, **mode}, **fields}
    if "rollback" in fields:
        service["deploy"]["rollbackConfig"] = service.pop("rollback")
    made = stack({"services": {"web": service}, **data}).model_copy(update={"generation": generation})
    return plan(made, SETTINGS, Observed(failed_updates={"web": failed} if failed else {}))


def workload(made: Plan) -> Manifest:
    service = made.services["web"]
    return by_ref(made)[f"{service.kind}/{service.name}"]


def failed(update: Json, generation: int = 7, **fields: Any) -> FailedUpdate:
    return FailedUpdate(planned(update, **fields).services["web"].template_hash, generation, 2, BEFORE)


BACK = {"failureAction": "rollback", "monitor": "20s"}
PAUSE = {"failureAction": "pause"}


@pytest.mark.parametrize("generation", [7, 9], ids=["the same", "something else edited"])
def test_a_failed_template_gives_way_to_the_one_before(generation: int) -> None:
    made = planned(BACK, failed(BACK), generation)
    assert workload(made)["spec"]["template"] == BEFORE
    assert made.services["web"].held == "rollback"
    assert made.services["web"].template_hash == planned(BACK).services["web"].template_hash


def test_an_operator_that_renders_it_otherwise_does_not_try_it_again() -> None:
    other = FailedUpdate("0ther", 7, 2, BEFORE)
    assert workload(planned(BACK, other))["spec"]["template"] == BEFORE


def test_a_new_definition_is_tried() -> None:
    made = planned(BACK, failed(BACK), 8, image="web:3")
    assert made == planned(BACK, None, 8, image="web:3")
    assert made.services["web"].held is None


@pytest.mark.parametrize("update", [{}, {"failureAction": "continue"}])
def test_who_wants_nothing_done_has_nothing_done(update: Json) -> None:
    assert planned(update, failed(update)) == planned(update)


def test_the_way_back_rolls_as_it_says() -> None:
    config = {"order": "stopFirst", "parallelism": 3, "delay": "40s"}
    spec = workload(planned(BACK, failed(BACK), rollback=config))["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 3}
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"]) == (40, 640)
    spec = workload(planned(BACK, failed(BACK)))["spec"]
    assert (spec["strategy"]["rollingUpdate"], spec["minReadySeconds"]) == ({"maxSurge": 1, "maxUnavailable": 0}, 20)
    spec = workload(planned(BACK, rollback=config))["spec"]
    assert spec["minReadySeconds"] == 20, "the way forward is not the way back"


def test_a_pause_leaves_the_roll_out_where_it_is() -> None:
    made = workload(planned(PAUSE, failed(PAUSE)))
    assert made["spec"] == {**workload(planned(PAUSE))["spec"], "paused": True}
    fields: Json = {"volumes": {"d": {"source": "d", "target": "/d"}}}
    made = workload(planned(PAUSE, failed(PAUSE, **fields), **fields))
    assert made["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    made = workload(planned(PAUSE, failed(PAUSE, mode="global"), mode="global"))
    assert made["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_what_is_kept_is_the_pod_template_and_whose_it_is() -> None:
    deployment = workload(planned(BACK))
    kept = last_good("shop", "web", deployment, "0123abcd", 4)
    assert kept["metadata"]["name"] == "shop-web--0123abcd"
    assert kept["metadata"]["annotations"] == {"ailtire.io/template": "0123abcd"}
    assert kept["metadata"]["labels"] == {**deployment["metadata"]["labels"], "ailtire.io/last-good": "true"}
    assert (kept["revision"], kept["data"]) == (4, {"spec": {"template": deployment["spec"]["template"]}})
