"""The host name and the domain of a pod: one label, or a whole name where the API server keeps one."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import find, plan_of, pod_spec

Json = dict[str, Any]
KEPT = Observed(hostname_override=True)
NAMES = ("hostname", "hostnameOverride", "subdomain")


def planned(observed: Observed | None = None, **service: Any) -> Plan:
    return plan_of({"services": {"db": {"image": "db:1", "user": "1000", **service}}}, observed)


def names(made: Plan) -> Json:
    service = made.services["db"]
    pod = pod_spec(find(made, service.kind, service.name))
    return {name: pod[name] for name in NAMES if name in pod}


def told(made: Plan) -> list[str]:
    return [str(each).removeprefix("spec.services.db.") for each in made.notices]


@pytest.mark.parametrize(
    ("hostname", "name", "notices"),
    [
        ("web-1", "web-1", 0),
        ("{{.Service.Name}}", "shop-db", 1),
        ("{{.Service.Name}}.example", "shop-db-example", 1),
        ("{{.Task.Name}}", None, 1),
        ("{{.Node.Hostname}}-x", None, 1),
    ],
)
def test_a_host_name(hostname: str, name: str | None, notices: int) -> None:
    made = planned(KEPT, hostname=hostname)
    assert names(made).get("hostname") == name
    assert len(made.notices) == notices


@pytest.mark.parametrize("hostname", ["db.example.com", "db." + "a" * 61])
def test_a_host_name_with_a_domain_is_kept_whole(hostname: str) -> None:
    made = planned(KEPT, hostname=hostname)
    assert names(made) == {"hostname": "db", "hostnameOverride": hostname}
    assert told(made) == []


def test_an_api_server_without_the_field_gets_the_label_and_a_notice() -> None:
    made = planned(hostname="db.example.com")
    assert names(made) == {"hostname": "db"}
    (notice,) = told(made)
    assert notice.startswith("hostname: approximate: where the API server keeps no host name with a domain, it becomes")


def test_a_whole_name_whose_label_no_peer_knows_is_told_until_an_alias_has_it() -> None:
    made = planned(KEPT, hostname="box.example.com")
    assert names(made)["hostnameOverride"] == "box.example.com"
    assert [each.split(": ")[:2] for each in told(made)] == [["hostname", "approximate"]]
    assert told(planned(KEPT, hostname="box.example.com", networks={"siblings": {"aliases": ["box"]}})) == []


@pytest.mark.parametrize(
    "hostname", ["my_host", "DB.example.com", "db..com", "db.example.", "-a.b", "db." + "a" * 62, "my_host.example"]
)
@pytest.mark.parametrize("observed", [None, KEPT])
def test_what_is_no_host_name_is_refused_with_its_path(hostname: str, observed: Observed | None) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.db\.hostname: '.*' is not a valid host name"):
        planned(observed, hostname=hostname)


def test_the_replicas_of_a_stateful_set_keep_their_own_names() -> None:
    service = {"environment": {"SLOT": "{{.Task.Slot}}"}, "domainname": "example.com"}
    made = planned(KEPT, hostname="db.example.com", **service)
    assert names(made) == {}
    assert sorted(each.split(": ")[:2] for each in told(made)) == [
        ["domainname", "ignored"],
        ["hostname", "approximate"],
    ]
    assert "Write hostname" not in str(told(made)), "which would change nothing"


@pytest.mark.parametrize("observed", [None, KEPT])
def test_a_domain_is_one_label_and_a_longer_one_names_the_remedy(observed: Observed | None) -> None:
    one = planned(observed, hostname="db", domainname="internal")
    assert names(one) == {"hostname": "db", "subdomain": "internal"}
    several = planned(observed, hostname="box", domainname="example.com")
    assert names(several) == {"hostname": "box"}, "pods that run today stay"
    (notice,) = told(several)
    assert notice.startswith("domainname: ignored: ")
    assert notice.endswith("Write hostname: box.example.com instead.")
    (notice,) = told(planned(observed, domainname="example.com"))
    assert notice.endswith("Write hostname: db.example.com instead.")
    (notice,) = told(planned(observed, domainname="example_1.com"))
    assert "Write hostname" not in notice


def test_a_domain_beside_a_whole_name_has_no_effect() -> None:
    made = planned(KEPT, hostname="db.example.com", domainname="internal")
    assert names(made) == {"hostname": "db", "hostnameOverride": "db.example.com"}
    assert told(made) == ["domainname: ignored: the host name has a domain already. Remove it."]
