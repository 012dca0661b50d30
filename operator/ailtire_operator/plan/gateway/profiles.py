"""Names what nginx takes from no variable: the limits of a route, by which a tree's gateway has its locations.

Routes with the same limits share their locations, so that only a new combination changes nginx's configuration.
"""

import re
from dataclasses import dataclass
from math import ceil
from typing import Final

from ailtire_operator.model.values import amount, seconds
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.scope import Scope

MAX_BODY: Final = "64Mi"
"""The default limit of a request's body."""
LARGEST_BODY: Final = 2**53 - 1
"""Bytes: what both nginx and its script count exactly."""
PROFILE_LIMIT: Final = 200
"""Profiles of one tree: each is a dozen locations, and takes some 4 KB of the configuration."""
_LARGEST = 2**60
_NAME = re.compile(r"b([0-9]{1,16})(?:-t([1-9][0-9]{0,15}))?(?:-r([1-5]))?(?:-l([1-9][0-9]{0,5}))?(-s)?")


@dataclass(frozen=True, slots=True, order=True)
class Profile:
    """The limits of a route."""

    body: int
    """Bytes of a request's body."""
    timeout: int = 0
    """Milliseconds; 0 for none."""
    retries: int = 0
    rate: int = 0
    """Requests per second and client; 0 for no limit."""
    sessions: bool = False
    """Whether callers have sessions."""

    @property
    def name(self) -> str:
        """All of it as text of a-z, 0-9 and hyphens."""
        parts = {"t": self.timeout, "r": self.retries, "l": self.rate}
        named = "".join(f"-{letter}{value}" for letter, value in parts.items() if value)
        return f"b{self.body}{named}{'-s' if self.sessions else ''}"

    @classmethod
    def parse(cls, name: str) -> "Profile":
        """The profile of a name. Raises ValueError for any other text."""
        found = _NAME.fullmatch(name)
        if found is None or int(found[1]) > LARGEST_BODY:
            raise ValueError("not the name of a profile")
        body, timeout, retries, rate = (int(each or 0) for each in found.groups()[:4])
        return cls(body, timeout, retries, rate, found[5] is not None)


def profiles(scope: Scope, routes: list[Route]) -> frozenset[Profile]:
    """The profiles of a stack's routes."""
    return frozenset(profile(scope, route) for route in routes)


def profile(scope: Scope, route: Route) -> Profile:
    """The profile of one route."""
    body = body_size(route.policies.max_body or scope.gateway_max_body or MAX_BODY)
    return Profile(
        body=min(body, LARGEST_BODY),
        timeout=timeout(route) or 0,
        retries=retries(route),
        rate=rate(route) or 0,
        sessions=bool(route.pods),
    )


def body_size(quantity: str) -> int:
    """A quantity in whole bytes, at most what nginx can count."""
    return min(ceil(amount(quantity)), _LARGEST)


def rate(route: Route) -> int | None:
    """Requests per second and client address."""
    return route.policies.access_control.rate_limit if route.policies.access_control else None


def retries(route: Route) -> int:
    """How often a request that may be repeated is tried again."""
    return route.policies.retry.max_retries if route.policies.retry else 0


def timeout(route: Route) -> int | None:
    """Milliseconds."""
    return max(1, round(seconds(route.policies.timeout.request_timeout) * 1000)) if route.policies.timeout else None
