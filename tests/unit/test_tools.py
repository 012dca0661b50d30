"""manifests/k9s and manifests/logging name commands, columns and labels that there are."""

import re
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.model import crd
from lab.paths import ROOT
from support.checks.commands import Run

K9S = ROOT / "manifests" / "k9s"
COLLECTOR = ROOT / "manifests" / "logging" / "fluent-bit.yaml"
PLUGINS: dict[str, dict[str, Any]] = yaml.safe_load((K9S / "plugins.yaml").read_text())["plugins"]
BUILT_IN = {"NAME", "NAMESPACE", "AGE"}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_key_of_k9s_runs_a_command_that_exists_with_options_that_it_has(name: str, run: Run) -> None:
    plugin = PLUGINS[name]
    shell = plugin["args"][1].partition("|")[0] if plugin["command"] == "sh" else ""
    words = shell.split()[1:] if shell else plugin["args"]
    assert plugin["command"] == "kubectl-ailtire" or shell.startswith("kubectl-ailtire ")
    told = run(words[0], "--help")
    assert told.code == 0
    for option in (each for each in words if each.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", told.out), f"{words[0]} has no {option}"


def test_no_two_keys_are_the_same_and_all_are_for_stacks() -> None:
    assert len({each["shortCut"] for each in PLUGINS.values()}) == len(PLUGINS)
    assert all(each["scopes"] == [naming.PLURAL] for each in PLUGINS.values())


def test_k9s_shows_columns_that_the_resource_has() -> None:
    ((resource, view),) = yaml.safe_load((K9S / "views.yaml").read_text())["views"].items()
    assert resource == f"{naming.API_VERSION}/{naming.PLURAL}"
    columns = {each["name"].upper() for each in crd.COLUMNS} | BUILT_IN
    assert {each.partition("|")[0] for each in view["columns"]} <= columns
    assert view["sortColumn"].partition(":")[0] in columns


def test_logs_are_told_apart_by_labels_that_every_pod_has() -> None:
    asked = set(re.findall(r"\['labels'\]\['([^']+)'\]", COLLECTOR.read_text()))
    assert asked == {naming.LABEL_ROOT, naming.LABEL_STACK, naming.LABEL_SERVICE, naming.LABEL_ENVIRONMENT}
    pods = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in yaml.safe_load_all((ROOT / "tests/golden/render/02-tree.yaml").read_text())
        if each and each["kind"] == "Deployment"
    ]
    assert pods
    for labels in pods:
        assert {naming.LABEL_ROOT, naming.LABEL_STACK} <= set(labels)


def test_a_stack_is_one_stream() -> None:
    (output,) = yaml.safe_load(COLLECTOR.read_text())["pipeline"]["outputs"]
    labels = dict(each.strip().split("=", 1) for each in output["labels"].split(","))
    assert list(labels) == ["namespace", "application", "stack", "environment"]
    assert "pod" not in labels
    assert "service" not in labels
