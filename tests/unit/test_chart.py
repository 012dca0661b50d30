"""The Helm chart's values: what the schema takes and refuses. What they render, tests/packages asks Helm."""

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
import yaml

from ailtire_operator.model.settings import Settings
from release.chart import CHART
from release.setting_schemas import setting_schemas, variable

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def problems(values: dict[str, Any]) -> list[str]:
    """As Helm asks: with the chart's own values beneath."""
    checker = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    return [each.message for each in checker.iter_errors(merged(VALUES, values))]


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = deepcopy(below)
    for key, value in above.items():
        under = found.get(key)
        found[key] = merged(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return found


def test_the_schema_is_one_and_takes_the_charts_own_values() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert problems({}) == []


def test_every_value_has_a_default_and_every_default_a_schema() -> None:
    assert set(SCHEMA["properties"]) - {"global"} == set(VALUES)
    for name, each in VALUES.items():
        if isinstance(each, dict) and each and name != "resources":
            assert set(SCHEMA["properties"][name]["properties"]) == set(each)


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every schema of an object, at any depth."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    return own + [found for each in inner for found in objects(each)]


def test_a_value_that_is_misspelled_is_refused_wherever_it_stands() -> None:
    """Kubernetes' own words (affinity) are Kubernetes' to judge; a parent chart may set what it likes in global."""
    free = [
        SCHEMA["properties"]["global"],
        *(SCHEMA["properties"]["affinity"]["properties"].values()),
    ]
    assert [each for each in objects(SCHEMA) if "additionalProperties" not in each and each not in free] == []


def test_every_setting_is_one_of_the_operators_and_becomes_its_variable() -> None:
    prefix = Settings.model_config["env_prefix"]
    variables = {f"{prefix}{name.upper()}" for name in Settings.model_fields}
    assert {variable(name) for name in setting_schemas()} <= variables
    assert SCHEMA["properties"]["settings"]["properties"] == setting_schemas(), "run `make chart`"


def test_no_description_asks_for_a_text_where_a_list_or_a_map_is_wanted() -> None:
    assert [name for name, each in setting_schemas().items() if "comma" in each["description"]] == []


@pytest.mark.parametrize(
    "values",
    [
        {"settings": {"nameservers": ["10.96.0.10", "fd00::a"], "trustedProxies": ["10.0.0.0/8", "fd00::/8"]}},
        {"settings": {"genericResources": {"GPU": "nvidia.com/gpu"}, "deviceResources": {"/dev/kvm": "a.b/kvm"}}},
        {"settings": {"defaultReconcileAs": None, "drainSeconds": 0, "requestTimeout": 0.5}},
        {"image": {"repository": "registry.example:5000/a/b", "digest": f"sha256:{'0' * 64}"}},
        {"scope": {"namespaces": ["a", "b-c"]}},
        {"resources": {"limits": {"cpu": 1, "memory": "1.5Gi"}}},
        {"commonLabels": {"example.com/team": "A_1"}, "podAnnotations": {"prometheus.io/scrape": "true"}},
        {"global": {"anything": 1}},
        {"logFormat": "json"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_taken(values: dict[str, Any]) -> None:
    assert problems(values) == []


@pytest.mark.parametrize(
    "values",
    [
        {"replica": 2},
        {"replicas": 0},
        {"replicas": "2"},
        {"image": {"repository": "name:tag"}},
        {"image": {"repository": ""}},
        {"image": {"tag": "a b"}},
        {"image": {"digest": "sha256:1"}},
        {"image": {"pullPolicy": "always"}},
        {"image": {"pullSecrets": [{"name": "pull"}]}},
        {"scope": {"namespaces": ["Shop"]}},
        {"scope": {"namespaces": ["a,b"]}},
        {"scope": {"namespaces": ["a", "a"]}},
        {"scope": {"namespaces": "shop"}},
        {"settings": {"namespace": ["shop"]}},
        {"settings": {"metricsPort": 9090}},
        {"settings": {"leaderElection": False}},
        {"settings": {"leaseNamespace": "x"}},
        {"settings": {"nameservers": ["dns"]}},
        {"settings": {"nameservers": "10.0.0.1"}},
        {"settings": {"edgeSources": ["10.0.0.1"]}},
        {"settings": {"trustedProxies": ["10.0.0.0/33"]}},
        {"settings": {"drainSeconds": 61}},
        {"settings": {"allowPrivileged": "yes"}},
        {"settings": {"gatewayImage": "a b"}},
        {"settings": {"defaultReconcileAs": ""}},
        {"settings": {"genericResources": {"a=b": "c"}}},
        {"settings": {"deviceResources": {"/dev/kvm": "a,b"}}},
        {"settings": {"clusterDomain": "Cluster.Local"}},
        {"resources": {"limits": {"memory": "1 GB"}}},
        {"resources": {"requests": {"cpu": -1}}},
        {"networkPolicy": {"apiServerPorts": []}},
        {"networkPolicy": {"apiServerPorts": [0]}},
        {"commonLabels": {"app.kubernetes.io/name": "x"}},
        {"podLabels": {"app.kubernetes.io/name": "x"}},
        {"podLabels": {"a": "b c"}},
        {"podLabels": {"a": 1}},
        {"monitoring": {"labels": {"a b": "c"}}},
        {"commonAnnotations": {"helm.sh/resource-policy": "keep"}},
        {"podAnnotations": {"a": True}},
        {"serviceAccount": {"name": "x"}},
        {"nodeSelector": {"a": True}},
        {"tolerations": [{"key": "a", "operator": "In"}]},
        {"affinity": {"nodeAffinities": {}}},
        {"priorityClassName": "System Critical"},
        {"crds": {"keep": "no"}},
        {"logFormat": "JSON"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(values: dict[str, Any]) -> None:
    assert problems(values)
