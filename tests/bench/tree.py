"""The tree that is applied: three levels, a hundred stacks, four services in each."""

from typing import Any

NAME = "bench"
"""Of the root."""
SERVICES_PER_STACK = 4
FAN_OUT = (10, 9)
"""Children of the root, and of each of those: 1 + 10 + 90 stacks."""


def application(namespace: str, *, one_gateway: bool = False) -> dict[str, Any]:
    """The root AiltireStack, in a namespace, which its host is named after: two trees cannot have one host.

    ``one_gateway``: one for the whole tree, not one for each stack.
    """
    return {
        "apiVersion": "ailtire.io/v1alpha1",
        "kind": "AiltireStack",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {**_stack(FAN_OUT), "edge": {"hosts": [f"{namespace}.example"]}, "gateway": {"tree": one_gateway}},
    }


def _stack(below: tuple[int, ...]) -> dict[str, Any]:
    services: dict[str, Any] = {f"s{number}": _service(number) for number in range(SERVICES_PER_STACK)}
    if below:
        for number in range(below[0]):
            services[f"p{number}"] = {"type": "stack", "interface": {f"/p{number}": {}}, "stack": _stack(below[1:])}
    return {"services": services}


def _service(number: int) -> dict[str, Any]:
    service: dict[str, Any] = {
        "image": f"bench_s{number}:1",
        "user": "1000",
        "ports": {"http": {"port": 8080}},
        "environment": {"LOG_LEVEL": "info", "NUMBER": number},
    }
    if number == 0:
        service["interface"] = {"/": {"port": 8080}}
    return service


def stacks() -> int:
    """How many stacks the tree has."""
    total = level = 1
    for width in FAN_OUT:
        level *= width
        total += level
    return total
