"""How a process is stopped, who is process 1, and when its image is pulled."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.compose_cases import Conversion, convert_canonical, convert_text


def project(folder: Path, text: str) -> Conversion:
    return convert_text(folder, f"name: p\nservices:\n  a: {{image: 'a:1', {text}}}\n")


def pod(found: Conversion) -> dict[str, Any]:
    template: dict[str, Any] = found.of("Deployment/a")[0]["spec"]["template"]["spec"]
    return template


@pytest.mark.parametrize(
    ("text", "shared", "signal"),
    [
        ("init: true", True, None),
        ("init: true, stop_signal: SIGTERM", True, None),
        ("init: true, stop_signal: '15'", True, None),
        ("init: true, stop_signal: SIGINT", False, "INT"),
        ("init: true, stop_signal: quit", False, "QUIT"),
        ("stop_signal: SIGINT", False, "INT"),
    ],
)
def test_a_hook_s_signal_goes_to_the_process_and_not_to_the_pod_s_own(
    tmp_path: Path, text: str, shared: bool, signal: str | None
) -> None:
    found = project(tmp_path, text)
    assert pod(found).get("shareProcessNamespace", False) is shared
    assert (f"kill -{signal} 1" in str(pod(found))) is bool(signal)
    told = "services.a.init: approximate: it is left out with stop_signal" in found.told
    assert told is ("init" in text and bool(signal))


@pytest.mark.parametrize("signal", ["SIGKILL", "KILL", "'9'"])
def test_a_signal_that_nothing_catches_is_no_time_to_stop(tmp_path: Path, signal: str) -> None:
    found = project(tmp_path, f"stop_signal: {signal}, stop_grace_period: 1m")
    assert pod(found)["terminationGracePeriodSeconds"] == 0
    assert "kill" not in str(pod(found))
    assert "services.a.stop_signal: approximate: no process can catch it" in found.told


def test_a_signal_that_holds_a_process_does_not_stop_it(tmp_path: Path) -> None:
    found = project(tmp_path, "stop_signal: SIGSTOP")
    assert "stopSignal" not in found.services["a"]
    assert "services.a.stop_signal: approximate: it would pause the process" in found.told


@pytest.mark.parametrize(
    ("written", "policy", "told"),
    [
        ("always", "Always", ""),
        ("missing", "IfNotPresent", ""),
        ("if_not_present", "IfNotPresent", ""),
        ("never", "Never", "required: Put the images on every node, as pull_policy: never forbids to pull them: a:1"),
        ("build", None, "approximate: nothing is built in a cluster"),
        ("daily", "Always", "approximate: the image is checked when a pod starts"),
        ("weekly", "Always", "approximate: the image is checked when a pod starts"),
        ("every_12h", "Always", "approximate: the image is checked when a pod starts"),
        ("sometimes", None, "rejected: 'sometimes' is not a policy"),
    ],
)
def test_each_policy_says_when_an_image_is_pulled(tmp_path: Path, written: str, policy: str | None, told: str) -> None:
    """Docker Compose refuses unknown ones; the canonical form may still hold one."""
    services = {"a": {"image": "a:1", "pull_policy": written}}
    found = convert_canonical({"name": "p", "services": services}, tmp_path)
    assert pod(found)["containers"][0].get("imagePullPolicy") == policy
    place = "services.a.pull_policy: "
    assert (place in found.told) is bool(told)
    assert (place + told in found.told) or not told
