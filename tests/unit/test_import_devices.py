"""Devices that a Compose file reserves by number, by ids, or all of them: a device plug-in knows numbers alone."""

from pathlib import Path

import pytest

from support.compose.compose_cases import Conversion, convert_text


def project(folder: Path, text: str) -> Conversion:
    return convert_text(folder, f"name: p\nservices:\n  a: {{image: 'a:1', {text}}}\n")


def reserved(device: str) -> str:
    return f"deploy: {{resources: {{reservations: {{devices: [{{{device}, capabilities: [gpu]}}]}}}}}}"


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        (reserved("count: 2"), "2", ""),
        (reserved("count: all"), "1", "count: approximate: in Docker it has all devices of its node, and here one."),
        (reserved("driver: nvidia"), "1", "count: approximate: in Docker it has all devices"),
        ("gpus: all", "1", "count: approximate: in Docker it has all devices"),
        ("gpus: [{count: 3}]", "3", ""),
        (reserved("device_ids: ['0', '3']"), "2", "device_ids: approximate: it has as many devices as are named"),
        ("gpus: [{device_ids: ['0', GPU-1]}]", "2", "device_ids: approximate: it has as many devices"),
    ],
)
def test_a_service_gets_a_number_of_devices(tmp_path: Path, text: str, count: str, told: str) -> None:
    found = project(tmp_path, text)
    (container,) = found.of("Deployment/a")[0]["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": count}
    assert told in found.told
    assert ("approximate: i" in found.told) is bool(told)


def test_more_devices_than_a_node_can_have_are_left_out_and_told(tmp_path: Path) -> None:
    found = project(tmp_path, f"gpus: [{{device_ids: {[str(number) for number in range(65)]}}}]")
    assert "deploy" not in found.services["a"]
    assert "services.a.gpus[0]: rejected: this is not a number of devices of one driver" in found.told
