"""Fields of pods that an API server keeps or drops, asked one by one."""

from collections.abc import Callable
from typing import Any

import pytest

from ailtire_operator.cluster.discovery import PodFields, pod_fields
from ailtire_operator.cluster.errors import Denied, Unavailable

Json = dict[str, Any]
FIELDS = ("stopSignal", "hostnameOverride", "resourceClaims")


class Server:
    """Answers each question by a function of the pod that it holds."""

    def __init__(self, answer: Callable[[Json], Any]) -> None:
        self._answer = answer
        self.asked: list[Json] = []
        self.refuses: tuple[str, ...] = ()
        """The namespaces in which nothing is answered."""

    async def request(self, method: str, path: str, *, params: Json, body: Json) -> Json:
        assert (method, params["dryRun"]) == ("POST", "All"), "nothing is changed"
        if any(f"/namespaces/{each}/" in path for each in self.refuses):
            raise Denied("a quota")
        pod: Json = body["spec"]["template"]["spec"]
        self.asked.append(pod)
        return {"spec": {"template": {"spec": self._answer(pod)}}}


def without(*names: str) -> Callable[[Json], Json]:
    """A server that drops these fields."""

    def answer(pod: Json) -> Json:
        (container,) = pod["containers"]
        hooks = {name: value for name, value in container.get("lifecycle", {}).items() if name not in names}
        kept = {name: value for name, value in pod.items() if name not in names}
        return {**kept, "containers": [{**container, "lifecycle": hooks or None}]}

    return answer


async def asked(server: Server) -> PodFields:
    return await pod_fields(server, "ns")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dropped", "expected"),
    [
        ((), PodFields(stop_signal=True, hostname_override=True, resource_claims=True)),
        (("stopSignal",), PodFields(hostname_override=True, resource_claims=True)),
        (("hostnameOverride", "resourceClaims"), PodFields(stop_signal=True)),
        (FIELDS, PodFields()),
    ],
)
async def test_what_is_kept_shows_in_the_answer(dropped: tuple[str, ...], expected: PodFields) -> None:
    assert await asked(Server(without(*dropped))) == expected


@pytest.mark.parametrize("refused", FIELDS)
async def test_a_field_that_is_refused_says_nothing_of_the_others(refused: str) -> None:
    """A cluster's own policy may refuse one of them: pods that have another must not be replaced for that."""

    def answer(pod: Json) -> Json:
        if refused in str(pod):
            raise Denied("a policy of the cluster")
        return pod

    found = await asked(Server(answer))
    assert [found.stop_signal, found.hostname_override, found.resource_claims] == [name != refused for name in FIELDS]


@pytest.mark.parametrize("broken", [None, [], {}, {"containers": []}, {"containers": [5]}, {"containers": "x"}])
async def test_no_answer_is_not_taken_for_no(broken: Any) -> None:
    with pytest.raises(Unavailable):
        await asked(Server(lambda _: broken))


async def test_a_question_holds_one_such_field() -> None:
    server = Server(without())
    await asked(server)
    assert [sum(name in str(pod) for name in FIELDS) for pod in server.asked] == [1] * len(FIELDS)


@pytest.mark.parametrize("refuses", [("a",), ("a", "b"), ("c",)])
async def test_one_namespace_that_refuses_says_nothing_of_the_cluster(refuses: tuple[str, ...]) -> None:
    server = Server(without())
    server.refuses = refuses
    assert await pod_fields(server, "a", "b", "c") == PodFields(True, True, True)  # type: ignore[arg-type]
    server.refuses = ("a", "b", "c")
    assert await pod_fields(server, "a", "b", "c") == PodFields()  # type: ignore[arg-type]
