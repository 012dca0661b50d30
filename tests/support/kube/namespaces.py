"""Namespaces of fixed names, which tests of documents and examples share on one control plane."""

from functools import partial

from lab import ControlPlane
from lab.waiting import eventually

_SECONDS = 120


def await_gone(plane: ControlPlane, *names: str) -> None:
    """Wait until no test before has left a namespace of these names that is still being deleted."""

    def gone(name: str) -> bool:
        found = plane.api.find(f"/api/v1/namespaces/{name}")
        return found is None or "deletionTimestamp" not in found["metadata"]

    for name in names:
        eventually(partial(gone, name), _SECONDS, f"the end of the namespace {name}")
