"""Runs Helm without a cluster, and reads what it makes of the chart."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.versions import CONTROL_PLANE
from release.chart import CHART

NAMESPACE = "ailtire-system"
APPLICATION = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata:
  name: {{ .Release.Name }}
spec:
  services:
    web: {image: {{ .Values.image | toJson }}, user: "1000"}
    {{- if .Values.broken }}
    orders: {type: stack, stack: {services: {api: {image: 7}}}}
    {{- end }}
"""
"""The template of an application's chart; with ``broken`` it can never become ready."""
Objects = dict[tuple[str, str, str], dict[str, Any]]
"""By kind, namespace and name."""


def run(helm: Path, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run it, and return what it said."""
    return subprocess.run([helm, *arguments], input=stdin, capture_output=True, text=True, check=False)


def template(
    helm: Path, values: Mapping[str, Any], chart: Path = CHART, namespace: str = NAMESPACE
) -> "subprocess.CompletedProcess[str]":
    """Render the chart; hooks are left out, as kustomize has none."""
    # Without a cluster Helm knows the version of Kubernetes only where its build was told.
    kubernetes = CONTROL_PLANE[0].version
    command = ("template", "ailtire-operator", str(chart), "-n", namespace, "--no-hooks", "--kube-version", kubernetes)
    return run(helm, *command, "-f", "-", stdin=json.dumps(values))


def rendered(helm: Path, values: Mapping[str, Any], chart: Path = CHART) -> Objects:
    """Return the objects, less what Helm alone writes."""
    done = template(helm, values, chart)
    assert done.returncode == 0, done.stderr
    return {key: _plain(each) for key, each in indexed(done.stdout).items()}


def indexed(text: str) -> Objects:
    """Return the objects of a stream of YAML, none of them twice."""
    objects = [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]
    found = {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each for each in objects}
    assert len(found) == len(objects)
    return found


OF_HELM = {"app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/chart"}


def _plain(each: dict[str, Any]) -> dict[str, Any]:
    metadata = each["metadata"]
    assert set(metadata["labels"]) >= OF_HELM, f"{each['kind']} {metadata['name']} has none of Helm's labels"
    metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key not in OF_HELM}
    if each["kind"] == "CustomResourceDefinition":
        assert metadata["annotations"].pop("helm.sh/resource-policy") == "keep"
        if not metadata["annotations"]:
            del metadata["annotations"]
    return each
