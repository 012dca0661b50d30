"""The alerts of manifests/monitoring, by promtool; for each there is a test in which it fires, and one without."""

import subprocess
from pathlib import Path

import pytest
import yaml

from lab import binaries
from lab.paths import ROOT

RULES = ROOT / "manifests" / "monitoring" / "rules.yaml"
TESTS = Path(__file__).parent / "rules_test.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What promtool reads: the groups, without the resource around them."""
    rule = yaml.safe_load(RULES.read_text())
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    (tmp_path / TESTS.name).write_text(TESTS.read_text())
    return tmp_path


@pytest.mark.parametrize("command", [["check", "rules", "--lint-fatal", "rules.yaml"], ["test", "rules", TESTS.name]])
def test_promtool_takes_it(folder: Path, command: list[str]) -> None:
    done = subprocess.run(
        [str(binaries.path("promtool")), *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_once_in_a_test_and_once_does_not() -> None:
    rule = yaml.safe_load(RULES.read_text())
    alerts = {each["alert"] for group in rule["spec"]["groups"] for each in group["rules"]}
    checks = [each for test in yaml.safe_load(TESTS.read_text())["tests"] for each in test["alert_rule_test"]]
    assert {each["alertname"] for each in checks if each["exp_alerts"]} == alerts
    assert {each["alertname"] for each in checks if not each["exp_alerts"]} == alerts
