"""manifests/monitoring names the metrics that there are; what Prometheus makes of it, `make packages-proof` shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.model.settings import Settings
from ailtire_operator.model.status import Counts, StackStatus
from ailtire_operator.reconcile.metrics import Metrics
from ailtire_operator.reconcile.queue import Outcome
from lab.paths import ROOT

FOLDER = ROOT / "manifests" / "monitoring"
OTHERS = {
    "certmanager_certificate_expiration_timestamp_seconds",
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "kube_pod_container_status_restarts_total",
}
"""Metrics of cert-manager, of the kubelet and of kube-state-metrics."""
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def served() -> set[str]:
    """The names of the samples that the operator serves."""
    return {
        f"{metric.name}{suffix}"
        for metric in Metrics().registry.collect()
        for suffix in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
    }


def told() -> set[str]:
    """What kube-state-metrics tells of stacks."""
    (resource,) = loaded("state-metrics.yaml")["spec"]["resources"]
    return {f"{resource['metricNamePrefix']}_{each['name']}" for each in resource["metrics"]}


def expressions() -> Iterator[tuple[str, str]]:
    for group in loaded("rules.yaml")["spec"]["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield f"{path.name}: {variable['name']}", variable["query"]["query"]


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:ailtire|certmanager|container|kube)_\w+", expression))


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_it_asks_for_metrics_that_exist(where: str, expression: str) -> None:
    asked = metrics_in(expression)
    assert asked, where
    assert asked <= served() | told() | OTHERS


def test_no_metric_of_others_is_named_that_nobody_asks_for() -> None:
    assert {name for _, expression in expressions() for name in metrics_in(expression)} >= OTHERS


def test_every_metric_of_the_operator_is_on_its_dashboard() -> None:
    shown = {name for where, text in expressions() if where.startswith("operator.json") for name in metrics_in(text)}
    histograms = {"ailtire_reconcile_seconds_sum", "ailtire_reconcile_seconds_count"}
    assert served() - histograms <= shown


def test_names_follow_the_conventions_of_prometheus() -> None:
    """https://prometheus.io/docs/practices/naming: a prefix, base units, and ``_total`` for what only grows."""
    for metric in Metrics().registry.collect():
        assert re.fullmatch(r"ailtire_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.documentation.endswith("."), metric.name
        assert not metric.name.endswith("_total"), "the client adds it to a counter, and nothing else may have it"
        assert not re.search(r"_(milliseconds|minutes|hours|kilobytes|megabytes|percent)$", metric.name)


def test_what_kube_state_metrics_reads_is_in_a_status() -> None:
    fields = {field.alias or name for name, field in StackStatus.model_fields.items()}
    counts = {field.alias or name for name, field in Counts.model_fields.items()}
    (resource,) = loaded("state-metrics.yaml")["spec"]["resources"]
    for path in resource["labelsFromPath"].values():
        assert path[0] == "metadata" or path[1] in fields
    for metric in resource["metrics"]:
        gauge = metric["each"]["gauge"]
        assert gauge["path"][1] in fields
        if gauge["path"][1] == "counts":
            assert set(gauge["valueFrom"]) <= counts


def test_an_outcome_that_is_asked_for_exists() -> None:
    asked = {each for _, text in expressions() for each in re.findall(r'outcome="(\w+)"', text)}
    assert asked == {Outcome.FAILED.value}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_is_whole(path: Path) -> None:
    board = json.loads(path.read_text())
    panels = board["panels"]
    assert len({each["id"] for each in panels}) == len({each["title"] for each in panels}) == len(panels)
    variables = {each["name"] for each in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels)))
    assert used <= variables
    taken = [
        (each["gridPos"]["x"] + x, each["gridPos"]["y"] + y)
        for each in panels
        for x in range(each["gridPos"]["w"])
        for y in range(each["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken)), "panels lie one upon the other"
    assert max(x for x, _ in taken) < 24


def test_the_monitors_ask_where_the_operator_answers() -> None:
    (endpoint,) = loaded("service-monitor.yaml")["spec"]["endpoints"]
    (pods,) = loaded("pod-monitor/pod-monitor.yaml")["spec"]["podMetricsEndpoints"]
    (port,) = loaded("service.yaml")["spec"]["ports"]
    assert endpoint == pods == {"port": "http", "path": "/metrics", "interval": "30s"}
    assert (port["name"], port["targetPort"], port["port"]) == ("http", "http", Settings().metrics_port)
