"""The policies of a service's routes, as callers meet them at the gateway."""

import base64
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from e2e.conftest import Tree
from e2e.tree import PASSWORD
from lab.waiting import eventually


def test_a_service_that_is_silent_for_too_long_is_answered_for(asked_tree: Tree) -> None:
    begun = time.monotonic()
    assert asked_tree.call("/slow/x?probe-delay=8s")[0] == 504
    assert time.monotonic() - begun < 7.5
    assert asked_tree.call("/slow/x?probe-delay=100ms")[0] == 200


def test_what_is_safe_to_repeat_is_tried_again_and_nothing_else(asked_tree: Tree) -> None:
    def ask(method: str, times: int) -> int:
        failing = f"probe-status=503&probe-times={times}&probe-key={uuid.uuid4().hex}"
        return asked_tree.call(f"/again/x?{failing}", method)[0]

    assert [ask("GET", times) for times in (1, 2, 3)] == [200, 200, 503]
    assert [ask("PUT", 2), ask("POST", 1), ask("PATCH", 1)] == [200, 503, 503]


def test_who_calls_too_often_is_told_so(asked_tree: Tree) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as callers:
        codes = list(callers.map(lambda _: asked_tree.call("/often/x")[0], range(80)))
    assert set(codes) == {200, 429}
    # Each of the two gateways counts for itself: bursts of ten, and five a second.
    assert 2 <= codes.count(200) <= 2 * (11 + 5 * (time.monotonic() - begun))
    eventually(lambda: asked_tree.call("/often/x")[0] == 200, seconds=90, what="a caller that has calmed down")


def test_only_listed_addresses_may_call(asked_tree: Tree) -> None:
    assert asked_tree.call("/near/x")[0] == 200
    assert asked_tree.call("/far/x")[0] == 403
    forged = {"X-Forwarded-For": "203.0.113.7", "X-Real-Ip": "203.0.113.7"}
    assert asked_tree.call("/far/x", headers=forged)[0] == 403


def test_a_password_is_asked_for(asked_tree: Tree) -> None:
    assert asked_tree.call("/secret/x")[0] == 401
    assert asked_tree.call("/secret/x", headers=_password("wrong"))[0] == 401
    assert asked_tree.call("/secret/x", headers=_password(PASSWORD))[0] == 200


def _password(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'ann:{password}'.encode()).decode()}"}
