"""What a stack could say in a released version it can still say: no field is gone, or of another type."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from ailtire_operator import __version__
from lab.paths import ROOT
from release.fields import CRD, RELEASED, current, fields

FILES = sorted((ROOT / RELEASED).glob("*.txt"))


def test_the_version_of_the_code_is_kept() -> None:
    assert __version__ in {file.stem for file in FILES}, "run `python -m release.fields`, and keep what it prints"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_no_field_of_a_release_is_gone_or_of_another_type(file: Path) -> None:
    kept = file.read_text().splitlines()
    assert len(kept) > 100
    assert sorted(set(kept) - set(current())) == []


def test_a_field_that_is_renamed_or_of_another_type_is_seen() -> None:
    before = yaml.load(CRD.read_text(), Loader=yaml.CSafeLoader)
    after = deepcopy(before)
    spec = after["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    spec["hosts"] = spec.pop("images")
    spec["suspend"]["type"] = "string"
    gone = set(fields(before)) - set(fields(after))
    assert "v1alpha1 spec.suspend: boolean" in gone
    assert {each.split(": ")[0] for each in gone} >= {"v1alpha1 spec.images", "v1alpha1 spec.suspend"}
