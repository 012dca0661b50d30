"""A Swarm file, and what comes back of it through a stack, are one to Docker's own client, but for what is told."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.compose.compose_file.project import ComposeOptions
from ailtire_operator.compose.exporting import export_tree
from ailtire_operator.compose.importing import import_compose
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.loading import parse_stack
from support.compose.compose_cases import DATA
from support.compose.exporting import write
from support.compose.round_trip import differences, is_told
from swarm.client import stack_config

FILES = sorted((DATA / "compose").glob("*.yaml"))

# What comes back in other words or not at all, each with its reason. Paths are written with / between keys.
SAID_OTHERWISE = {
    r"services/[^/]+/(restart|privileged|devices|domainname|security_opt|shm_size|container_name|links|tmpfs)": (
        "Docker's client itself says that Swarm ignores it, or the mount says the same"
    ),
    r"services/[^/]+/(configs|secrets)": "where the file appears is written out",
    r"services/[^/]+/(expose|ports|extra_hosts)": "ranges and short forms are written out, in an order of their own",
    r"services/[^/]+/ulimits/.*": "soft and hard are written out",
    r"services/[^/]+/deploy/mode": "replicated is the default",
    r"services/[^/]+/deploy/endpoint_mode": "a published port wants a virtual address, as export says",
    r"services/[^/]+/healthcheck/start_interval": "5 s is the default",
    r"services/[^/]+/deploy/(update|rollback)_config/order": "who has a volume to itself stops first, as export says",
    r"services/[^/]+/volumes": "folders of the host are volumes, as import says below each",
    r"services/[^/]*\.[^/]*/.*": "Swarm refuses a key with a dot, so that export changes it, and says so",
    r"services/[^/]+/labels/traefik\..*": "routes of the gateway",
    r"services/[^/]+/networks/.*/aliases": "the container's name is one of them",
}


def config(docker: Path, file: Path) -> dict[str, Any] | None:
    """The file as Docker's client reads it for Swarm; None where it is none for Swarm."""
    done = stack_config(docker, file)
    return yaml.safe_load(done.stdout) if done.returncode == 0 else None


def there_and_back(file: Path, folder: Path) -> tuple[Path, list[str]]:
    """The file that comes back, and the places of which the import says something."""
    imported = import_compose([file], options=ComposeOptions(), name="shop")
    exported = export_tree("shop", parse_stack(imported.resources[-1]).spec, {})
    return write(exported, folder)["shop"], [notice.path for notice in imported.notices]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_both_say_they_say_alike(file: Path, docker: Path, tmp_path: Path) -> None:
    before = config(docker, file)
    back, told = there_and_back(file, tmp_path)
    after = config(docker, back)
    assert after is not None
    if before is None:
        return  # a file for Docker Compose alone: what comes back is one for Swarm, which is all to be seen here
    kept = {key: each for key, each in before["services"].items() if key in after["services"] or "." in key}
    left_out = before["services"].keys() - kept.keys()
    assert [key for key in left_out if not is_told(told, f"services.{key}", below=True)] == []
    unexplained = [
        f"{'/'.join(path)}: {one!r} -> {other!r}"
        for path, one, other in differences({"services": kept}, {"services": after["services"]})
        if one is not None
        and not is_told(told, str(FieldPath(path[0], path[1:])), below=True)
        and not any(re.fullmatch(each, "/".join(path)) for each in SAID_OTHERWISE)
    ]
    assert unexplained == []


def test_enough_of_the_files_are_for_swarm(docker: Path) -> None:
    assert sum(config(docker, file) is not None for file in FILES) >= len(FILES) // 2
