"""What the API server says becomes a sentence for the person who wrote the stack, and a type for the queue."""

from typing import Any

import pytest

from ailtire_operator.cluster.errors import (
    MESSAGE_LIMIT,
    ClusterError,
    Conflict,
    Denied,
    Gone,
    Invalid,
    NotFound,
    NotLeader,
    Unavailable,
    from_status,
)


@pytest.mark.parametrize(
    ("code", "body", "kind", "sentence"),
    [
        (404, {"message": 'namespaces "nope" not found'}, NotFound, 'namespaces "nope" not found'),
        (409, {"message": "has changed"}, Conflict, "has changed"),
        (410, {"message": "too old"}, Gone, "too old"),
        (400, {"reason": "Expired", "message": "token"}, Gone, "token"),
        (401, {}, Denied, "the API server answered 401"),
        (
            403,
            {"message": 'services "web" is forbidden: exceeded quota: q, requested: services=1'},
            Denied,
            "exceeded quota: q, requested: services=1",
        ),
        (
            422,
            {"message": 'Deployment.apps "web" is invalid: spec.replicas: must be positive'},
            Invalid,
            "spec.replicas: must be positive",
        ),
        (
            500,
            {
                "message": "failed to create typed patch object (prod/web; apps/v1, Kind=Deployment): "
                ".spec.foo: field not declared in schema"
            },
            Invalid,
            ".spec.foo: field not declared in schema",
        ),
        (500, {"message": 'failed calling webhook "w"'}, Unavailable, 'failed calling webhook "w"'),
        (429, {"message": "slow down"}, Unavailable, "slow down"),
        (418, {"message": "teapot"}, ClusterError, "teapot"),
    ],
)
def test_answers(code: int, body: dict[str, Any], kind: type[ClusterError], sentence: str) -> None:
    error = from_status(code, body)
    assert type(error) is kind
    assert str(error) == sentence
    assert error.status == code


def test_a_denial_keeps_the_whole_reason() -> None:
    said = 'pods "x" is forbidden: violates PodSecurity "restricted"'
    error = from_status(403, {"message": said})
    assert isinstance(error, Denied)
    assert error.reason == said


def test_causes_name_the_fields() -> None:
    causes = [{"reason": "FieldValueInvalid", "field": "spec.replicas", "message": "must be  positive"}]
    error = from_status(422, {"message": "bad", "details": {"causes": causes}})
    assert isinstance(error, Invalid)
    assert error.causes == (("spec.replicas", "must be positive"),)


@pytest.mark.parametrize(
    ("header", "details", "seconds"),
    [
        ("3", {}, 3.0),
        (None, {"retryAfterSeconds": 2}, 2.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", {}, None),
        (None, {}, None),
        ("-1", {}, 0.0),
    ],
)
def test_the_wait_that_the_server_asks_for(header: str | None, details: dict[str, Any], seconds: float | None) -> None:
    error = from_status(503, {"details": details}, header)
    assert isinstance(error, Unavailable)
    assert error.retry_after == seconds


def test_long_answers_become_one_short_line() -> None:
    error = from_status(500, {"message": "line\n" * 1000})
    assert len(str(error)) == MESSAGE_LIMIT
    assert "\n" not in str(error)


@pytest.mark.parametrize("more", range(-2, 3))
def test_a_long_answer_keeps_its_beginning_and_its_end(more: int) -> None:
    said = 'spec.hostname: Invalid value: "', '": must be no more than 63 characters'
    message = said[0] + "x" * (MESSAGE_LIMIT + more - len("".join(said))) + said[1]
    error = str(from_status(422, {"message": message}))
    assert error.startswith(said[0])
    assert error.endswith(said[1])
    assert (error == message) == (len(message) <= MESSAGE_LIMIT)
    assert len(error) == min(len(message), MESSAGE_LIMIT)


def test_not_leading_is_no_answer_of_the_cluster() -> None:
    assert not issubclass(NotLeader, ClusterError)
