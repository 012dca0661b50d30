"""Swarm's names for the tasks of a service: no zone of Kubernetes' DNS can have them, and a definition is told so."""

from typing import Any

import pytest

from ailtire_operator.plan.types import Plan
from support.definitions.stacks import plan_of

Json = dict[str, Any]


def planned(stack: Json | None = None, **service: Any) -> Plan:
    members = {
        "web": {"image": "web:1", **service},
        "Policy_Engine": {"image": "engine:1", "networks": {"siblings": {"aliases": ["rules"]}}},
    }
    return plan_of({"services": members, **(stack or {})})


def told(made: Plan) -> dict[str, str]:
    return {each.path: each.remedy.split(";")[0] for each in made.notices if "names in a network" in each.message}


@pytest.mark.parametrize(
    ("place", "service", "stack"),
    [
        ("spec.services.web.environment.PEER", {"environment": {"PEER": "tasks.web:80"}}, {}),
        ("spec.services.web.command[1]", {"command": ["-peers", "http://tasks.web/,http://x"]}, {}),
        ("spec.services.web.entrypoint[0]", {"entrypoint": ["--peer=tasks.web"]}, {}),
        ("spec.services.web.healthcheck.test[1]", {"healthcheck": {"test": ["CMD-SHELL", "nc tasks.web 1"]}}, {}),
        ("spec.services.web.preStop[0].command[1]", {"preStop": [{"command": ["leave", "a@tasks.web"]}]}, {}),
        (
            "spec.services.web.postStart[0].environment.P",
            {"postStart": [{"command": ["join"], "environment": {"P": "tasks.web"}}]},
            {},
        ),
        ("spec.env.PEERS", {}, {"env": {"PEERS": "a,tasks.web"}}),
        ("spec.configs.peers.content", {}, {"configs": {"peers": {"content": "server 'tasks.web';\n"}}}),
    ],
)
def test_a_name_of_tasks_is_told_where_it_stands(place: str, service: Json, stack: Json) -> None:
    assert told(planned(stack, **service)) == {place: "Write 'web'"}


@pytest.mark.parametrize(
    ("written", "name"),
    [("Policy_Engine", "policy-engine"), ("policy_engine", "policy-engine"), ("rules", "rules")],
)
def test_the_remedy_is_the_name_that_answers(written: str, name: str) -> None:
    made = planned(environment={"PEER": f"tasks.{written}:80"})
    assert told(made) == {"spec.services.web.environment.PEER": f"Write '{name}'"}


@pytest.mark.parametrize(
    "text",
    ["tasks.other:80", "/srv/tasks.web", "my.tasks.web", "tasks.web.module", "tasks.web-1", "tasks", "tasks.", "web"],
)
def test_other_texts_are_not_told(text: str) -> None:
    assert told(planned(environment={"PEER": text})) == {}


def test_a_long_text_is_read_in_one_pass() -> None:
    text = "tasks." * 5000
    assert told(planned(environment={"PEER": text})) == {}
