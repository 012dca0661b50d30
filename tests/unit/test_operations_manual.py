"""docs/operations.md names every setting, metric and condition that there is."""

import re
from pathlib import Path

from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile.metrics import Metrics
from ailtire_operator.status import conditions

MANUAL = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def test_every_setting_is_described_and_no_other() -> None:
    described = set(re.findall(r"^\| `AILTIRE_OPERATOR_(\w+)`", MANUAL, re.MULTILINE))
    assert described == {name.upper() for name in Settings.model_fields}


def test_every_metric_is_described_and_no_other() -> None:
    described = set(re.findall(r"^\| `(ailtire_\w+)", MANUAL, re.MULTILINE))
    served = set(re.findall(r"^# HELP (\w+)", Metrics().text({}, {}, 0.0).decode(), re.MULTILINE))
    assert described == {name for name in served if not name.endswith("_created")}


def test_every_condition_is_described() -> None:
    types = {
        conditions.READY, conditions.RECONCILING, conditions.STALLED, conditions.TRANSLATED, conditions.REFERENCES,
        conditions.CONFLICTING, conditions.SUSPENDED,
    }  # fmt: skip
    assert set(re.findall(r"^\| `(\w+)(?:=\w+)?` \|", MANUAL, re.MULTILINE)) >= types
