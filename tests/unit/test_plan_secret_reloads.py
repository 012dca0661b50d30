"""reloadOnSecrets: the pods of a service are replaced once for a new version of a Secret, and for nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest, Observed, SecretReload
from ailtire_operator.plan.workload.secret_reloads import secrets_of
from ailtire_operator.reconcile.plan_inputs import secret_reloads
from ailtire_operator.reconcile.planner import Features
from support.definitions.stacks import SETTINGS, stack
from support.fake_cluster.world import World

Json = dict[str, Any]
VERSIONS, FOR = naming.ANNOTATION_SECRET_VERSIONS, naming.ANNOTATION_RELOADED_FOR
WEB: Json = {
    "image": "web:1",
    "reloadOnSecrets": True,
    "environmentFrom": [{"secret": "env"}, {"configMap": "flags"}],
    "environmentValuesFrom": {"TOKEN": {"secret": "token", "key": "t"}},
    "secrets": {"password": {}, "other": {"source": "certificate"}},
}
SPEC: Json = {
    "imagePullSecrets": ["hub"],
    "services": {"web": WEB, "plain": {**WEB, "reloadOnSecrets": False}},
    "secrets": {
        "password": {"secret": "db", "key": "p"},
        "certificate": {"secret": "tls", "key": "c"},
        "unused": {"secret": "none", "key": "u"},
    },
}
NAMED = {"env": "1", "token": "2", "db": "3", "tls": "4"}


def web(observed: Observed, **changed: Any) -> tuple[Json, Json]:
    """The annotations of the workload and of its pods; those of the other service never have any."""
    spec = {**SPEC, "services": {"web": {**WEB, **changed}, "plain": SPEC["services"]["plain"]}}
    found = {each["metadata"]["name"]: _annotations(each) for each in plan(stack(spec), SETTINGS, observed).objects}
    assert found["shop-plain"] == ({}, {})
    return found["shop-web"]


def _annotations(manifest: Manifest) -> tuple[Json, Json]:
    template = manifest.get("spec", {}).get("template", {"metadata": {}})
    return manifest["metadata"].get("annotations", {}), template["metadata"].get("annotations", {})


def seen(live: SecretReload | None = None, /, **versions: str) -> Observed:
    reloads = {("Deployment", "shop-web"): live} if live else {}
    return Observed(secret_watch="on", secret_versions=versions, secret_reloads=reloads)


def test_what_a_service_names_is_what_its_containers_read() -> None:
    spec = stack(SPEC)
    assert set(secrets_of(Scope(spec, SETTINGS, Observed()), spec.spec.services["web"])) == set(NAMED)


def test_what_is_seen_first_is_written_down_and_replaces_no_pod() -> None:
    assert web(seen(**NAMED)) == ({VERSIONS: '{"db":"3","env":"1","tls":"4","token":"2"}'}, {})


def test_a_new_version_replaces_the_pods_once() -> None:
    before = SecretReload(NAMED)
    after = {**NAMED, "db": "9"}
    own, pods = web(seen(before, **after))
    assert pods == {FOR: "db@9"}
    assert own == {FOR: "db@9", VERSIONS: '{"db":"9","env":"1","tls":"4","token":"2"}'}
    assert web(seen(SecretReload(after, "db@9"), **after)) == (own, pods), "and stays so"
    assert web(seen(before, **NAMED, hub="7", none="8"))[1] == {}, "others are nobody's concern"


@pytest.mark.parametrize(
    ("live", "now"),
    [
        (SecretReload({"db": "3"}), {}),  # deleted: the pods run with what it was
        (SecretReload({"db": "3"}), {"db": "3"}),  # there again as it was
        (SecretReload({}), {"db": "3"}),  # turned on
        (SecretReload({"db": "3"}), {"db": "3", "env": "5"}),  # another one is named, which replaces the pods itself
    ],
)
def test_nothing_else_replaces_a_pod(live: SecretReload, now: dict[str, str]) -> None:
    own, pods = web(seen(live, **now))
    assert pods == {}
    assert '"db":"3"' in own[VERSIONS]


def test_one_that_was_made_anew_with_another_version_replaces_them() -> None:
    assert web(seen(SecretReload({"db": "3"}), db="12"))[1] == {FOR: "db@12"}


@pytest.mark.parametrize("seen_by_this_process", ["9", "11", "1"])
def test_an_older_version_than_the_pods_run_with_replaces_none(seen_by_this_process: str) -> None:
    """The watch of this process is behind that of the one which replaced them."""
    own, pods = web(seen(SecretReload({"db": "12"}, "db@12"), db=seen_by_this_process))
    assert pods == {FOR: "db@12"}
    assert own == {FOR: "db@12", VERSIONS: '{"db":"12"}'}


@pytest.mark.parametrize("noted", ["", "abc", "٣", "9" * 5000])
def test_a_version_that_is_none_loses(noted: str) -> None:
    assert web(seen(SecretReload({"db": noted}), db="9"))[0][VERSIONS] == '{"db":"9"}'


@pytest.mark.parametrize(("watch", "kept"), [("off", False), ("denied", True), (None, True)])
def test_where_nothing_is_seen_no_pod_is_replaced_and_what_they_run_for_stays(watch: Any, kept: bool) -> None:
    """Turned off it is forgotten, so that what changed meanwhile replaces nothing when it is turned on again."""
    live = SecretReload({"db": "3"}, "db@3")
    observed = replace(seen(live), secret_watch=watch)
    own, pods = web(observed)
    assert pods == {FOR: "db@3"}
    assert (VERSIONS in own) == kept
    assert web(observed, reloadOnSecrets=False) == ({FOR: "db@3"}, {FOR: "db@3"}), "nor by taking the field away"


@pytest.mark.parametrize(
    ("changed", "watch", "words"),
    [
        ({}, "on", None),
        ({}, None, None),
        ({}, "off", "does not watch Secrets"),
        ({}, "denied", "may not list and watch"),
        ({"deploy": {"mode": "replicatedJob"}}, "on", "runs no job again"),
        ({"environmentFrom": [], "environmentValuesFrom": {}, "secrets": {}}, "on", "names no Secret"),
    ],
)
def test_where_it_has_no_effect_is_reported(changed: Json, watch: Any, words: str | None) -> None:
    spec = {**SPEC, "services": {"web": {**WEB, **changed}}}
    notices = plan(stack(spec), SETTINGS, replace(seen(), secret_watch=watch)).notices
    found = [each.message for each in notices if each.path == "spec.services.web.reloadOnSecrets"]
    assert [words in each for each in found if words] == ([True] if words else [])
    assert len(found) == (1 if words else 0)


def test_a_job_is_never_run_again() -> None:
    job = {"deploy": {"mode": "replicatedJob"}}
    names = {
        each["metadata"]["name"]
        for observed in (seen(**NAMED), seen(**{**NAMED, "db": "9"}))
        for each in plan(stack({**SPEC, "services": {"web": {**WEB, **job}}}), SETTINGS, observed).objects
        if each["kind"] == "Job"
    }
    assert len(names) == 1


def secret(world: World, name: str, version: str) -> None:
    """As the watch puts it into the store."""
    metadata = {"name": name, "namespace": "prod", "uid": f"Secret/{name}", "resourceVersion": version}
    world.store.put({"kind": "Secret", "metadata": metadata})


def test_a_change_wakes_who_reads_it_and_nobody_else() -> None:
    world = World()
    world.features = Features(secret_watch="on")
    world.write(SPEC)
    secret(world, "db", "300")
    world.reconcile()
    first = {ref: each for ref, each in world.cluster.manifests.items() if ref.kind == "Deployment"}
    world.woken.clear()
    secret(world, "none", "301")
    assert world.woken == []
    secret(world, "db", "302")
    assert world.woken == ["shop"]
    world.reconcile()
    written = [each for each in world.cluster.journal if each.startswith("apply Deployment")]
    assert written == ["apply Deployment shop-web"]
    assert {_annotations(each)[1].get(FOR) for ref, each in world.cluster.manifests.items() if ref in first} == {
        "db@302",
        None,
    }
    world.reconcile()
    assert not [each for each in world.cluster.journal if each.startswith("apply")]


def test_a_plan_that_is_kept_does_not_outlive_what_another_process_has_noted_meanwhile() -> None:
    """One that lost the lease, and has it again before its watch of Secrets has caught up."""
    world = World()
    world.features = Features(secret_watch="on")
    root = world.write(SPEC)
    secret(world, "db", "300")
    world.reconcile()
    (record,) = [each for each in world.store.of_kind("Deployment") if each.ref.name == "shop-web"]
    record.summary = {**record.summary, "secretVersions": '{"db":"310"}', "reloadedFor": "db@310"}
    planned = world.planner.plan(root, world.definitions.stack(root))
    assert _annotations(planned.manifests[record.ref]) == (
        {FOR: "db@310", VERSIONS: '{"db":"310"}'},
        {FOR: "db@310"},
    )


@pytest.mark.parametrize("text", ["no JSON", "[]", "7", '{"db": 3}', '{"a":' * 200])
def test_an_annotation_that_somebody_spoilt_is_as_good_as_none(text: str) -> None:
    world = World()
    world.write(SPEC)
    world.reconcile()
    (uid,) = {each.owner_uid for each in world.store.of_kind("Deployment") if each.ref.name == "shop-web"}
    (record,) = [each for each in world.store.of_kind("Deployment") if each.ref.name == "shop-web"]
    record.summary = {**record.summary, "secretVersions": text}
    assert uid is not None
    assert secret_reloads(world.store, record.ref.namespace, uid)["Deployment", "shop-web"].versions == {}
