"""Configs, secrets and file systems in memory: where they come from and where they appear."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Plan
from support.definitions.stacks import find, plan_of, pod_spec

Json = dict[str, Any]


def planned(configs: Json, mounts: Json, known: Json | None = None, **more: Any) -> Plan:
    service = {"image": "web:1", "user": "1000", "configs": mounts, **more}
    return plan_of({"services": {"web": service}, "configs": configs, "secrets": known or {}})


def pod(made: Plan) -> Json:
    return pod_spec(find(made, "Deployment", "shop-web"))


def mounted(made: Plan) -> dict[str, tuple[Json, Json]]:
    """By path: the mount and its volume."""
    volumes = {each["name"]: each for each in pod(made)["volumes"]}
    assert len(volumes) == len(pod(made)["volumes"]), "each name once"
    return {each["mountPath"]: (each, volumes[each["name"]]) for each in pod(made)["containers"][0]["volumeMounts"]}


def test_a_config_is_a_file_with_dockers_defaults() -> None:
    made = planned({"settings": {"content": "a: 1"}}, {"settings": {}})
    (config,) = [each for each in made.objects if each["kind"] == "ConfigMap"]
    assert config["data"] == {"data": "a: 1"}
    assert config["immutable"] is True
    mount, volume = mounted(made)["/settings"]
    assert mount["readOnly"] is True
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    assert volume["configMap"]["items"] == [{"key": "data", "path": mount["subPath"], "mode": 0o444}]


def test_another_content_is_another_object_and_rolls_who_reads_it() -> None:
    def reader(content: str) -> tuple[str, Json, Json]:
        spec = {
            "services": {"web": {"image": "a", "configs": {"x": {}}}, "db": {"image": "b"}},
            "configs": {"x": {"content": content}},
        }
        made = plan_of(spec)
        (name,) = [each["metadata"]["name"] for each in made.objects if each["kind"] == "ConfigMap"]
        return name, find(made, "Deployment", "shop-web")["spec"]["template"], find(made, "Deployment", "shop-db")

    first, second = reader("a"), reader("b")
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert first[2] == second[2], "nobody else rolls"


def test_somebody_elses_config_and_secret_are_only_referred_to() -> None:
    made = planned(
        {"shared": {"configMap": "theirs", "key": "app.ini"}},
        {"app": {"source": "shared", "target": "/etc/app.ini", "mode": 0o440}},
        {"password": {"secret": "web", "key": "pw"}},
        secrets={"password": None},
    )
    assert not [each for each in made.objects if each["kind"] in ("ConfigMap", "Secret")]
    _, volume = mounted(made)["/etc/app.ini"]
    assert volume["configMap"] == {"name": "theirs", "items": [{"key": "app.ini", "path": "file", "mode": 0o440}]}
    _, volume = mounted(made)["/run/secrets/password"]
    assert volume["secret"] == {"secretName": "web", "items": [{"key": "pw", "path": "file", "mode": 0o444}]}


def test_keys_that_become_one_name_keep_apart() -> None:
    made = planned(
        {"a_b": {"content": "1"}, "a-b": {"content": "1"}}, {"a_b": {}, "a-b": {}}, volumes={"a-b": {"target": "/v"}}
    )
    assert len({each["metadata"]["name"] for each in made.objects if each["kind"] == "ConfigMap"}) == 2
    assert set(mounted(made)) == {"/a_b", "/a-b", "/v"}


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"configs": {"x": {}}}, "spec.services.web.configs.x: there is no 'x' in spec.configs"),
        ({"secrets": {"x": {"source": "y"}}}, "spec.services.web.secrets.x: there is no 'y' in spec.secrets"),
        (
            {"tmpfs": {"/a": {}}, "volumes": {"v": {"target": "/a/"}}},
            r'spec.services.web.tmpfs\["/a"\]: another volume',
        ),
    ],
)
def test_what_cannot_be_mounted_is_refused_with_its_path(spec: Json, path: str) -> None:
    with pytest.raises(InvalidStack, match=path):
        plan_of({"services": {"web": {"image": "a", **spec}}})


@pytest.mark.parametrize("config", [{}, {"content": "a", "configMap": "b"}, {"content": "a", "binaryContent": "YQ=="}])
def test_a_config_has_one_source(config: Json) -> None:
    with pytest.raises(InvalidStack, match="exactly one of content, binaryContent and configMap"):
        planned({"x": config}, {})


def test_file_systems_in_memory() -> None:
    made = planned({}, {}, tmpfs={"/run": {"size": "1024Mi", "mode": 0o700}, "/tmp": None}, shmSize="64Mi")
    assert mounted(made)["/run"][1]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Gi"}
    assert mounted(made)["/tmp"][1]["emptyDir"] == {"medium": "Memory"}
    assert mounted(made)["/dev/shm"][1]["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}
    assert [each.path for each in made.notices] == ['spec.services.web.tmpfs["/run"]']


@pytest.mark.parametrize(("user", "group", "notices"), [(None, 2000, 0), ("1000", 1000, 1), ("1000:2000", 2000, 0)])
def test_the_group_of_a_file_is_that_of_all_files(user: str | None, group: int, notices: int) -> None:
    more = {"user": user} if user else {}
    service = {"image": "a", "configs": {"x": {"gid": 2000}}, **more}
    made = plan_of({"services": {"web": service}, "configs": {"x": {"content": "a"}}})
    assert pod(made)["securityContext"]["fsGroup"] == group
    assert len(made.notices) == notices
