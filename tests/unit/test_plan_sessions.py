"""Sessions: which Services and groups of pods a stack gets for them, and where they have no effect."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Plan
from support.compose.exporting import exported, told
from support.definitions.stacks import find, plan_of

Json = dict[str, Any]
SESSION: Json = {"session": {"cookie": "replica"}}


def service(interface: Json, **more: Any) -> Json:
    return {"image": "web:1", "interface": interface, "policies": SESSION, **more}


def services(made: Plan) -> dict[str, Json]:
    return {each["metadata"]["name"]: each["spec"] for each in made.objects if each["kind"] == "Service"}


def configuration(made: Plan) -> str:
    return next(str(each["data"]["nginx.conf"]) for each in made.objects if each["kind"] == "ConfigMap")


def groups(text: str) -> dict[str, str]:
    """The server of each group of pods, by the group's name."""
    found = {}
    for part in text.split(" upstream ")[1:]:
        found[part.split()[0]] = part.partition("server ")[2].split()[0]
    return found


def test_a_service_with_sessions_has_a_headless_service_with_the_ports_of_its_routes() -> None:
    interface = {"/a": {"port": 80}, "/b": {"port": 81}, "/c": {"port": 80}, "raw": {"port": 82, "protocol": "tcp"}}
    made = plan_of({"services": {"web": service(interface)}})
    pods = services(made)["shop-web--pods"]
    assert pods["clusterIP"] == "None"
    assert pods["selector"] == services(made)["shop-web"]["selector"]
    assert [each["port"] for each in pods["ports"]] == [80, 81]
    host = "shop-test.svc.cluster.local"
    assert groups(configuration(made)) == {
        f"shop-web.{host}-80": f"shop-web--pods.{host}:80",
        f"shop-web.{host}-81": f"shop-web--pods.{host}:81",
    }


def test_a_service_that_is_headless_already_needs_no_second_one() -> None:
    made = plan_of({"services": {"web": service({"/": {"port": 80}}, deploy={"endpointMode": "dnsrr"})}})
    assert "shop-web--pods" not in services(made)
    host = "shop-web.shop-test.svc.cluster.local"
    assert groups(configuration(made)) == {f"{host}-80": f"{host}:80"}


def test_who_asks_for_no_session_keeps_the_configuration() -> None:
    """A gateway may roll only where the definition asks for it."""
    plain = {"image": "web:1", "interface": {"/a": {}}}
    made = plan_of({"services": {"web": plain}})
    assert not groups(configuration(made))
    assert "proxy_next_upstream" not in configuration(made)
    assert "if ($upstream_bytes_sent != 0)" in configuration(made)


def test_a_stopped_service_has_no_group() -> None:
    made = plan_of({"services": {"web": service({"/a": {}}, stopped=True)}})
    assert not groups(configuration(made))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {
                "type": "stack",
                "interface": {"/": {}},
                "policies": SESSION,
                "stack": {"services": {"web": {"image": "web:1", "interface": {"/": {}}}}},
            },
            "each gateway keeps sessions for the services of its own stack",
        ),
        ({"image": "web:1", "policies": SESSION}, "the gateway applies it to HTTP routes, and the service has none"),
        (service({"raw": {"port": 80, "protocol": "tcp"}}), "the gateway applies it to HTTP routes"),
    ],
    ids=["child", "no route", "tcp"],
)
def test_sessions_without_an_effect_are_told(spec: Json, message: str) -> None:
    other = {"image": "web:1", "interface": {"/other": {}}}
    made = plan_of({"services": {"x": spec, "other": other}})
    (notice,) = [each for each in made.notices if each.path == "spec.services.x.policies.session"]
    assert notice.message.startswith(message)
    assert not groups(configuration(made))


@pytest.mark.parametrize(
    ("spec", "told_of"),
    [
        ({"a": service({"/a": {"port": 80}}), "b": service({"/b": {"port": 80}})}, {"b": "service 'a' has the same"}),
        ({"a": service({"/a": {"port": 80}, "/b": {"port": 81}})}, {"a": "several ports"}),
        ({"a": service({"/a": {"port": 80}, "/b": {"port": 80}, "x": {"port": 81, "protocol": "tcp"}})}, {}),
        ({"a": service({"/a": {"port": 80}}), "b": service({"x": {"port": 80, "protocol": "tcp"}})}, {}),
        ({"a": service({"/a": {}}), "b": service({"/b": {}}, policies={"session": {"cookie": "own"}})}, {}),
    ],
    ids=["one cookie", "two ports", "one port", "no route", "two cookies"],
)
def test_a_cookie_that_two_ports_would_replace_in_turn_is_reported(spec: Json, told_of: dict[str, str]) -> None:
    found = {each.path: each for each in plan_of({"services": spec}).notices if each.path.endswith("session.cookie")}
    assert found.keys() == {f"spec.services.{key}.policies.session.cookie" for key in told_of}
    for key, words in told_of.items():
        notice = found[f"spec.services.{key}.policies.session.cookie"]
        assert (notice.classification, words in notice.message) == ("approximate", True)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "é", "$uri", "x" * 65])
def test_a_name_that_no_cookie_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.policies\.session\.cookie"):
        plan_of(
            {"services": {"web": {"image": "web:1", "interface": {"/": {}}, "policies": {"session": {"cookie": name}}}}}
        )


def test_swarm_has_them_too_by_the_name_of_all_tasks() -> None:
    result = exported({"services": {"web": service({"/": {"port": 80}})}})
    (text,) = [content.decode() for name, content in result.beside.items() if name.endswith(".conf")]
    ((group, server),) = groups(text).items()
    assert server == f"tasks.{group.removesuffix('-80')}:80"
    assert "sticky cookie replica path=/ httponly;" in text
    assert "spec.services.web.policies.session" in told(result)


def test_the_headless_service_belongs_to_the_service_in_labels() -> None:
    made = plan_of({"services": {"web": service({"/": {}})}})
    assert find(made, "Service", "shop-web--pods")["metadata"]["labels"]["ailtire.io/service"] == "web"
