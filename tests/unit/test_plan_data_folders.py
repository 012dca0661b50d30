"""Databases whose data folder is the root of a volume, where a fresh ext4 file system has lost+found."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.plan.types import Observed, Plan
from support.compose.compose_cases import convert_text
from support.definitions.stacks import plan_of

Json = dict[str, Any]
POSTGRES, MYSQL, KAFKA = "/var/lib/postgresql/data", "/var/lib/mysql", "/var/lib/kafka/data"
OFFLINE = Observed(is_offline=True)


def planned(mount: Json, data: Json | None = None, env: Json | None = None, **service: Any) -> Plan:
    volumes = {"data": {"source": "records", **mount}}
    services = {"db": {"image": "db:1", "user": "999", "volumes": volumes, **service}}
    stack = {"services": services, "data": {"records": data or {}}, "env": env or {}}
    return plan_of({**stack, "configs": {"dump": {"binaryContent": "H4sI"}}}, OFFLINE)


def told(made: Plan) -> list[str]:
    return [str(each) for each in made.notices if "lost+found" in each.message]


@pytest.mark.parametrize(
    ("target", "service", "env", "remedy"),
    [
        (POSTGRES, {}, {}, f"set the variable PGDATA: {POSTGRES}/pgdata."),
        (f"{POSTGRES}/", {}, {}, f"set the variable PGDATA: {POSTGRES}/pgdata."),
        ("/data", {"environment": {"PGDATA": "/data"}}, {}, "set the variable PGDATA: /data/pgdata."),
        ("/data", {}, {"PGDATA": "/data/"}, "set the variable PGDATA: /data/pgdata."),
        (MYSQL, {}, {}, "set subPath: data of this mount."),
        (KAFKA, {}, {}, "set subPath: data of this mount."),
    ],
)
def test_a_data_folder_at_the_root_of_a_volume_names_the_remedy(
    target: str, service: Json, env: Json, remedy: str
) -> None:
    (notice,) = told(planned({"target": target}, env=env, **service))
    assert ": approximate: a fresh volume with the file system ext4 has the folder lost+found, and " in notice
    assert notice.endswith(remedy)
    made = planned({"target": target}, {"perReplica": True}, env, **service)
    assert told(made) == [notice], "the volume of each replica is as fresh"


@pytest.mark.parametrize(
    ("mount", "data", "service"),
    [
        ({"target": POSTGRES}, {}, {"environment": {"PGDATA": f"{POSTGRES}/pgdata"}}),
        ({"target": POSTGRES}, {}, {"environmentValuesFrom": {"PGDATA": {"secret": "s", "key": "k"}}}),
        ({"target": "/var/lib/postgresql"}, {}, {}),
        ({"target": MYSQL, "subPath": "data"}, {}, {}),
        ({"target": MYSQL, "readOnly": True}, {}, {}),
        ({"target": MYSQL}, {"claim": "theirs"}, {}),
        ({"target": MYSQL}, {"seed": "dump"}, {}),
        ({"target": "/data"}, {}, {}),
        ({"target": f"{MYSQL}-files"}, {}, {}),
    ],
)
def test_what_starts_or_may_hold_data_is_not_told(mount: Json, data: Json, service: Json) -> None:
    assert told(planned(mount, data, **service)) == []


def test_the_operator_says_nothing_of_it_and_plans_the_same() -> None:
    definition = {
        "services": {"db": {"image": "db:1", "volumes": {"data": {"source": "records", "target": MYSQL}}}},
        "data": {"records": {}},
    }
    online, offline = plan_of(definition), plan_of(definition, OFFLINE)
    assert online.objects == offline.objects
    assert len(offline.notices) == len(online.notices) + 1


def test_an_import_says_it_and_changes_nothing(tmp_path: Path) -> None:
    service = "{image: 'mysql:8', volumes: ['records:/var/lib/mysql']}"
    text = f"name: p\nvolumes: {{records: {{}}}}\nservices: {{db: {service}}}\n"
    found = convert_text(tmp_path, text)
    assert found.services["db"]["volumes"] == {"records": {"source": "records", "target": MYSQL}}
    assert "lost+found" in found.told
