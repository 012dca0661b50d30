"""The Swarm by which the exporter is measured: stacks deploy in order, share networks, and answer questions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from e2e.conftest import Lab
from kindlab import swarm


@pytest.fixture
def parent_and_child(lab: Lab, swarm_mode: None, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two stacks: the child's service joins the parent's network too."""
    service = {"image": lab.images.probe, "deploy": {"endpoint_mode": "dnsrr"}, "user": "1000:1000"}
    own = {"own": {"driver": "overlay", "attachable": True}}
    parent = {
        "services": {"web": {**service, "networks": {"own": {"aliases": ["front"]}}, "environment": {"WHO": "$WHO"}}},
        "networks": own,
    }
    child = {
        "services": {
            "web": {**service, "networks": ["own"], "stop_signal": "SIGINT"},
            "api": {**service, "image": lab.images.probe_musl, "networks": ["own", "above"]},
        },
        "networks": {**own, "above": {"external": True, "name": "above_own"}},
    }
    names = ("above", "below")
    for name, content in zip(names, (parent, child), strict=True):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"version": "3.8", **content}))
    try:
        swarm.deploy([(name, tmp_path / f"{name}.yaml") for name in names], {"WHO": "me"})
        yield names
    finally:
        swarm.remove(*reversed(names))


def test_stacks_deploy_in_order_and_names_are_those_of_their_networks(parent_and_child: tuple[str, str]) -> None:
    above, below = ({each.service: each for each in swarm.containers(name)} for name in parent_and_child)
    assert (set(above), set(below)) == ({"web"}, {"api", "web"})
    assert above["web"].environment()["WHO"] == "me"
    assert above["web"].about()["libc"] == "glibc"
    assert _known(above["web"], "web", "front", "api") == {"web", "front", "api"}
    assert _known(below["web"], "web", "front", "api") == {"web", "api"}
    reached = below["api"].ask("/_probe/reach?to=front:3000&to=web:3000&to=front:3001")
    assert {target: answer["reached"] for target, answer in reached.items()} == {
        "front:3000": True,
        "web:3000": True,
        "front:3001": False,
    }


def _known(container: swarm.Container, *names: str) -> set[str]:
    found = container.ask("/_probe/resolve?" + "&".join(f"name={name}" for name in names))
    return {name for name, answer in found.items() if answer["addresses"]}
