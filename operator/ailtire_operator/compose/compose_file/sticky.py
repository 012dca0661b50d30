"""Parses Traefik's labels for sticky cookies of a service."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.policies import Session

_SESSION: Final = TypeAdapter(Session)
_COOKIE: Final = "loadbalancer.sticky.cookie"
_SWITCHES: Final = {"true": True, "false": False}


@dataclass
class _Cookie:
    """The cookie by which a Traefik service keeps a caller at one server."""

    where: FieldPath
    wanted: bool = True
    name: str = ""


class Sticky:
    """The cookies of all Traefik services of one service."""

    def __init__(self) -> None:
        self._cookies: dict[str, _Cookie] = {}

    def take(self, key: str, option: str, value: str, path: FieldPath) -> bool:
        """Whether a label of the Traefik service ``key`` is supported by the gateway.

        Traefik makes a cookie for whoever sets any property of it, also one that the gateway's cookie does not have.
        """
        switch = _SWITCHES.get(value.lower())
        if option == f"{_COOKIE}.name":
            cookie = self._cookies.setdefault(key, _Cookie(path))
            cookie.name, cookie.where = value, path
        elif option in (_COOKIE, "loadbalancer.sticky") and switch is not None:
            self._cookies.setdefault(key, _Cookie(path)).wanted = switch
        elif option.startswith(f"{_COOKIE}."):
            self._cookies.setdefault(key, _Cookie(path))
            return option == f"{_COOKIE}.httponly" and switch is True
        else:
            return False
        return True

    def policy(self, key: str, report: Report) -> dict[str, Any]:
        """The policy for sessions of the service ``key``; empty if no Traefik service has a cookie."""
        found = [each for each in self._cookies.values() if each.wanted]
        if not found:
            return {}
        for other in found[1:]:
            report.approximate(other.where, "a service has one cookie for all its routes: that of the first label.")
        fields = {"cookie": found[0].name or f"{naming.sanitize(key)}-replica"}
        if accepts(_SESSION, fields):
            return {"session": fields}
        message = f"'{found[0].name}' is no name of a cookie here, so every request may go to another replica."
        report.rejected(found[0].where, message, "Name it in policies.session.cookie.")
        return {}
