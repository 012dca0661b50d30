"""Namespaces of fixed names, which tests of documents and examples share on one control plane."""

from functools import partial

from lab import ControlPlane
from lab.api import Refused
from lab.waiting import eventually

_SECONDS = 120


def await_gone(plane: ControlPlane, *names: str) -> None:
    """Wait until no test before has left a namespace of these names that is still being deleted."""

    def gone(name: str) -> bool:
        try:
            found = plane.api.get(f"/api/v1/namespaces/{name}")
        except Refused as error:
            return error.code == 404
        return "deletionTimestamp" not in found["metadata"]

    for name in names:
        eventually(partial(gone, name), _SECONDS, f"the end of the namespace {name}")
