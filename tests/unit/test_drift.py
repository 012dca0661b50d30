"""Who changed what: told by paths and managers, never by values, and of fields of ours alone."""

import copy
from typing import Any, cast

import pytest

from ailtire_operator.cluster import drift
from ailtire_operator.cluster.drift import MOST, added_by_others, changed_by_others
from ailtire_operator.cluster.drift_log import DriftLog
from ailtire_operator.cluster.store import record_of
from ailtire_operator.cluster.write_history import WriteHistory

Json = dict[str, Any]
OURS = "ailtire-operator"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
MANIFEST: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "n", "labels": {"a": "1", "example.com/b": "2"}},
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "containers": [
                    {"name": "web", "image": "web:1", "command": ["a", "b"], "ports": [{"containerPort": 80}]},
                    {"name": "log", "image": "log:1"},
                ]
            }
        },
    },
}
KEY = 'k:{"name":"web"}'


def entry(fields: Json, manager: str = OURS, *, time: str = EARLY, operation: str = "", **more: str) -> Json:
    operation = operation or ("Apply" if manager == OURS else "Update")
    return {"manager": manager, "operation": operation, "time": time, "fieldsV1": fields, **more}


def ours() -> Json:
    """All of the manifest, as the API server keeps it."""
    port: Json = {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    web = {".": {}, "f:name": {}, "f:image": {}, "f:command": {}, "f:ports": port}
    log: Json = {".": {}, "f:name": {}, "f:image": {}}
    containers = {KEY: web, 'k:{"name":"log"}': log}
    return {
        "f:metadata": {"f:labels": {"f:a": {}, "f:example.com/b": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": containers}}},
    }


def live(*entries: Json) -> Json:
    obj = copy.deepcopy(MANIFEST)
    obj["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] = "TCP"
    obj["spec"]["strategy"] = {"type": "RollingUpdate"}  # a default, or another's: not of the manifest
    obj["metadata"]["managedFields"] = list(entries)
    return obj


def containers(fields: Json) -> Json:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": fields}}}}


def told(obj: Json, *, unchanged: bool = True) -> list[str]:
    return [str(each) for each in changed_by_others(MANIFEST, obj, unchanged=unchanged)]


def test_what_is_as_planned_is_not_told_nor_what_others_add() -> None:
    assert told(live(entry(ours()))) == []
    obj = live(entry(ours()), entry({"f:metadata": {"f:labels": {"f:mine": {}}}}, "helper", time=LATE))
    obj["metadata"]["labels"]["mine"] = "x"
    obj["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "side:1"})
    assert told(obj) == []


def test_a_scaled_deployment_names_the_field_and_who_holds_it_now() -> None:
    mine = ours()
    del mine["f:spec"]["f:replicas"]
    obj = live(entry(mine), entry({"f:spec": {"f:replicas": {}}}, "kubectl", time=LATE, subresource="scale"))
    obj["spec"]["replicas"] = 7
    assert told(obj) == ["spec.replicas (changed by kubectl)"]


def test_an_edited_image_names_its_container_and_never_the_value() -> None:
    mine = ours()
    del mine["f:spec"]["f:template"]["f:spec"]["f:containers"][KEY]["f:image"]
    del mine["f:spec"]["f:template"]["f:spec"]["f:containers"][KEY]["f:command"]
    obj = live(entry(mine), entry(containers({KEY: {"f:image": {}, "f:command": {}}}), "kubectl-edit", time=LATE))
    web = obj["spec"]["template"]["spec"]["containers"][0]
    web["image"], web["command"] = "secret:9", ["b", "a"]
    place = "spec.template.spec.containers[name=web]"
    assert told(obj) == [f"{place}.image (changed by kubectl-edit)", f"{place}.command (changed by kubectl-edit)"]


def test_what_was_removed_is_told_without_a_manager() -> None:
    mine = ours()
    del mine["f:metadata"]["f:labels"]["f:example.com/b"]
    del mine["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"log"}']
    obj = live(entry(mine), entry({"f:metadata": {"f:annotations": {"f:x": {}}}}, "kubectl-edit", time=LATE))
    del obj["metadata"]["labels"]["example.com/b"]
    obj["spec"]["template"]["spec"]["containers"].pop()
    assert told(obj) == [
        "spec.template.spec.containers[name=log] (removed)",
        'metadata.labels["example.com/b"] (removed)',
    ]
    assert told(obj, unchanged=False) == [], "after a restart it may just be new in the manifest"


def test_a_new_definition_is_not_somebody_elses_change() -> None:
    obj = live(entry(ours()))
    obj["spec"]["replicas"], obj["spec"]["template"]["spec"]["containers"][0]["image"] = 5, "web:0"
    assert told(obj) == told(obj, unchanged=False) == [], "the operator itself still holds these fields"


def test_after_a_restart_only_what_was_written_later_counts() -> None:
    mine = ours()
    del mine["f:spec"]["f:replicas"]
    told_of = ["spec.replicas (changed by kubectl)"]
    for time, expected in ((LATE, told_of), ("", told_of), ("2025-01-01T00:00:00Z", [])):
        obj = live(entry(mine), entry({"f:spec": {"f:replicas": {}}}, "kubectl", time=time))
        obj["spec"]["replicas"] = 7
        assert told(obj, unchanged=False) == expected


def test_the_managers_of_handed_over_replicas_and_of_the_status_are_the_operator() -> None:
    mine = ours()
    del mine["f:spec"]["f:replicas"]
    handover = entry({"f:spec": {"f:replicas": {}}}, f"{OURS}-handover", time=LATE, operation="Apply")
    obj = live(entry(mine), handover)
    obj["spec"]["replicas"] = 7
    assert told(obj, unchanged=False) == []


def test_a_wiped_list_of_managers_tells_only_what_differs() -> None:
    obj = live()
    assert told(obj) == []
    obj["spec"]["replicas"] = 9
    assert told(obj) == ["spec.replicas (removed)"]


def test_managers_and_keys_are_printable_and_short() -> None:
    mine = ours()
    del mine["f:spec"]["f:replicas"]
    obj = live(entry(mine), entry({"f:spec": {"f:replicas": {}}}, "a\x1b[2J\n" + "m" * 500, time=LATE))
    obj["spec"]["replicas"] = 7
    (said,) = told(obj)
    assert said.isprintable()
    assert len(said) < 120


@pytest.mark.parametrize("fields", [{"k:not json": {}}, {"k:[1]": {}}, {"k:1": {}}, {KEY: "text"}, [], "text"])
async def test_a_list_of_managers_that_makes_no_sense_keeps_nothing_from_being_put_back(fields: Any) -> None:
    obj = live(entry(containers(fields), "odd", time=LATE))
    obj["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = "web:9"

    class Connection:
        async def request(self, method: str, path: str) -> Json:
            return obj

    put_backs = DriftLog(cast(Any, Connection()), WriteHistory(), lambda kind: None)
    assert isinstance(await put_backs.changed(MANIFEST, "wanted", record_of(obj)), tuple)


def test_no_more_than_so_many_fields_are_told() -> None:
    manifest: Json = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {f"k{i}": "v" for i in range(500)}}
    obj: Json = {"kind": "ConfigMap", "metadata": {"name": "c", "managedFields": []}, "data": {"k": "x"}}
    assert len(changed_by_others(manifest, obj, unchanged=True)) == MOST


def test_thousands_of_items_cost_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(count: int) -> int:
        calls, real = 0, drift._dump

        def counted(keys: Any) -> str:
            nonlocal calls
            calls += 1
            return real(keys)

        ports = [{"port": port, "protocol": "UDP"} for port in range(count)]
        tree: Json = {f'k:{{"port":{port},"protocol":"UDP"}}': {"f:port": {}} for port in range(count)}
        manifest: Json = {"kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}}
        managed = [entry({"f:spec": {"f:ports": tree}}), entry({"f:spec": {"f:ports": tree}}, "x", time=LATE)]
        obj: Json = {**manifest, "metadata": {"name": "s", "managedFields": managed}}
        with monkeypatch.context() as patched:
            patched.setattr(drift, "_dump", counted)
            assert changed_by_others(manifest, obj, unchanged=True) == []
        return calls

    assert cost(2_000) <= 2 * cost(1_000) + 10


def test_what_was_added_to_a_childs_definition_names_who_added_it() -> None:
    spec = {"services": {"web": {"image": "x"}, "extra": {"image": "y"}}, "suspend": True, "defaulted": 1}
    fields: Json = {"f:spec": {"f:services": {"f:extra": {"f:image": {}}}, "f:suspend": {}}}
    obj = {"metadata": {"managedFields": [entry(fields, "kubectl-edit", time=LATE)]}, "spec": spec}
    found = added_by_others(obj, ["/services/extra", "/suspend", "/defaulted"])
    assert [str(each) for each in found] == [
        "spec.services.extra (changed by kubectl-edit)",
        "spec.suspend (changed by kubectl-edit)",
    ]


@pytest.mark.parametrize(
    ("others", "reads"),
    [
        ([], 0),
        ([entry({"f:spec": {}}, "early", time="2025-01-01T00:00:00Z")], 0),
        ([entry({"f:status": {}}, "kube-controller-manager", time=LATE, subresource="status")], 0),
        ([entry({"f:spec": {"f:replicas": {}}}, "kubectl", time="", subresource="scale")], 1),
        ([entry({"f:metadata": {}}, "kubectl-label", time=LATE)], 1),
    ],
)
async def test_after_a_restart_or_an_upgrade_only_what_somebody_touched_is_read(others: list[Json], reads: int) -> None:
    obj, asked = live(entry(ours()), *others), []
    obj["metadata"] |= {"uid": "u", "resourceVersion": "1"}

    class Connection:
        async def request(self, method: str, path: str) -> Json:
            asked.append(path)
            return obj

    await DriftLog(cast(Any, Connection()), WriteHistory(), lambda kind: None).changed(
        MANIFEST, "wanted", record_of(obj)
    )
    assert len(asked) == reads
