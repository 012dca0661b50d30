"""A plan that was packed is the one that was made, whatever is in it."""

from typing import Any

import pytest

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import FailedUpdate, Observed
from ailtire_operator.reconcile.packing import packed, unpacked
from ailtire_operator.reconcile.pruning import owned
from support.definitions.stacks import SETTINGS, full_spec, stack

Json = dict[str, Any]
WEB: Json = {"image": "web:1", "user": "1000"}


def _deep() -> Json:
    found: Json = {"services": {"web": {**WEB, "environment": {"A": "x" * 30_000}}}}
    for _ in range(DEPTH_LIMIT - 1):
        found = {"services": {"k": {"type": "stack", "stack": found}}}
    return found


def _of_all_sorts() -> Json:
    update = {"failureAction": "rollback", "order": "stopFirst"}
    services = {
        "api": {**WEB, "deploy": {"updateConfig": update}, "policies": {"session": {"cookie": "s"}}},
        "web": {**WEB, "dependsOn": {"api": {"condition": "healthy"}}, "interface": {"/": {"port": 80}}},
        "job": {**WEB, "deploy": {"mode": "replicatedJob"}, "reloadOnSecrets": True},
        "wrong": {"type": "stack", "stack": {"services": {"web": {"image": 7}}}},
        "missing": {"type": "stack", "stackRef": {"name": "none", "optional": True}},
    }
    return {"services": services, "verify": {"image": "check:1", "user": "1000"}}


OBSERVED = Observed(failed_updates={"api": FailedUpdate("hash", 1, 1, {"metadata": {}, "spec": {"containers": []}})})


@pytest.mark.parametrize("spec", [full_spec(), _deep(), _of_all_sorts()], ids=["every kind", "deep", "every sort"])
def test_nothing_of_a_plan_is_lost(spec: Json) -> None:
    definition = stack(spec)
    made = plan(definition, SETTINGS, OBSERVED)
    manifests = {Ref.of(each): each for each in (owned(each, definition) for each in made.objects)}
    again, objects = unpacked(packed(made, manifests), definition)
    assert again == made
    assert objects == manifests
    assert again.stack is definition, "whoever asks for the plan has that"
