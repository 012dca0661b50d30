"""The key table against the schemas as they are published, and its exact rows against a real API server."""

from pathlib import Path

import pytest
import yaml

from ailtire_operator.compose.keys import table
from lab import ControlPlane
from lab.paths import ROOT
from lab.schemas import COMPOSE, SWARM, paths, schema
from support.compose.compose_cases import NAMES, Conversion, cases, converted


def test_every_path_of_both_schemas_has_exactly_one_row() -> None:
    compose, swarm = paths(schema(*COMPOSE)), paths(schema(*SWARM))
    assert set(table()) == compose | swarm
    wrong = [
        path
        for path, row in table().items()
        if row.schemas != ("c" if path in compose else "") + ("s" if path in swarm else "")
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Conversion]:
    return {case.name: case.convert(tmp_path_factory.mktemp("case")) for case in cases()}


def test_the_api_server_takes_what_every_row_and_every_file_becomes(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, conversions: dict[str, Conversion]
) -> None:
    control_plane.kubectl("label", "--overwrite", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline")
    control_plane.kubectl("apply", "-k", str(ROOT / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "crd/ailtirestacks.ailtire.io")
    for conversion in [*conversions.values(), *(converted(name) for name in NAMES)]:
        file = tmp_path / f"{conversion.stack['metadata']['name']}.yaml"
        file.write_text(yaml.safe_dump_all([conversion.stack, *conversion.objects, *conversion.secrets]))
    control_plane.kubectl("apply", "--dry-run=server", "-n", namespace, "-f", str(tmp_path))
