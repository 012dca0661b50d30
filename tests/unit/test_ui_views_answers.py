"""Values out of a request of the page, wishes, and answers: bounded, and refused with a sentence."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.ui import answers
from ailtire_operator.cli.ui.answers import answer, document, flag, number, path_of, stack_of, text
from ailtire_operator.cli.ui.views import ROUTES
from ailtire_operator.cli.ui.views.actions import edit_of, wish_of
from ailtire_operator.cli.ui.views.logs import LINE_LIMIT, TAIL_LIMIT, share, shortened
from ailtire_operator.cli.ui.views.routes import host_of, request_path


def asked(query: str = "", stack: str = "shop", namespace: str = "prod") -> web.Request:
    return make_mocked_request("GET", f"/x?{query}", match_info={"stack": stack, "namespace": namespace})


def test_a_stack_and_a_service_of_it_are_a_path() -> None:
    assert stack_of(asked()) == "shop"
    assert path_of(asked("service=policy_engine")) == "shop/policy_engine"
    assert path_of(asked()) == "shop"


@pytest.mark.parametrize(
    ("stack", "namespace", "sentence"),
    [
        ("../secrets/x", "prod", "is no stack's name"),
        ("Shop", "prod", "is no stack's name"),
        ("s" * 64, "prod", "is no stack's name"),
        ("shop?dryRun=All", "prod", "is no stack's name"),
        ("shop", "a/b", "is no namespace's name"),
        ("shop", "", "is no namespace's name"),
        ("\x1b[2J", "prod", r"'\\x1b\[2J' is no stack's name"),
    ],
)
def test_what_no_stack_can_be_called_is_never_asked_for(stack: str, namespace: str, sentence: str) -> None:
    with pytest.raises(Failure, match=sentence):
        stack_of(asked(stack=stack, namespace=namespace))


@pytest.mark.parametrize(
    "query", ["tail=-1", "tail=5001", "tail=1e3", "tail=1.5", "tail=%D9%A3", "tail=x", "tail=1&tail=2"]
)
def test_a_number_is_whole_and_within_its_bounds(query: str) -> None:
    with pytest.raises(Failure, match="tail is"):
        number(asked(query), "tail", 200, 0, TAIL_LIMIT)


def test_a_number_that_is_not_given_has_its_default() -> None:
    assert number(asked(), "tail", 200, 0, TAIL_LIMIT) == 200
    assert number(asked("tail=5000"), "tail", 200, 0, TAIL_LIMIT) == TAIL_LIMIT


def test_a_flag_is_true_or_false() -> None:
    assert [flag(asked(query), "follow") for query in ("", "follow=true", "follow=false")] == [False, True, False]
    with pytest.raises(Failure, match="follow is true or false"):
        flag(asked("follow=1"), "follow")


def test_a_text_has_a_bound_and_no_control_characters() -> None:
    with pytest.raises(Failure, match="more than 2048 characters"):
        text(asked(f"path=/{'a' * 2048}"), "path")
    with pytest.raises(Failure, match="control characters"):
        text(asked("path=/%1b"), "path")
    with pytest.raises(Failure, match="the key of a service, not a path"):
        path_of(asked("service=orders/api"))


@pytest.mark.parametrize("host", ["http://shop.example", "a b", "-x", "x" * 254, "shop.example/web", "é"])
def test_a_host_is_a_name(host: str) -> None:
    with pytest.raises(Failure):
        host_of(host)


def test_of_a_host_the_port_and_of_a_path_the_query_are_left_out() -> None:
    assert host_of(" Shop.Example.:8080 ") == "shop.example"
    assert request_path("/web?x=1#y") == "/web"
    assert request_path("") == "/"
    with pytest.raises(Failure, match="begins with a slash"):
        request_path("web")


def test_what_others_say_is_escaped_in_an_answer_and_stays_text() -> None:
    found = answer([{"text": "\x1b[31m<script>\u202e", "key\x00": 1, "more": ("a\nb",), "none": None}])
    assert isinstance(found.body, bytes)
    assert json.loads(found.body) == [
        {"text": r"\x1b[31m<script>\u202e", r"key\x00": 1, "more": ["a\nb"], "none": None}
    ]


def test_half_of_a_surrogate_pair_is_no_error() -> None:
    found = answer({"text": "\ud800"})
    assert isinstance(found.body, bytes)
    assert json.loads(found.body) == {"text": r"\ud800"}


def test_an_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWER_LIMIT", 10)
    with pytest.raises(Failure, match="the answer has more than") as refused:
        answer("0123456789")
    assert refused.value.code is Exit.NO


def test_a_document_that_is_too_long_says_so_in_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "TEXT_LIMIT", 10)
    assert document("a: 1\nb: 2\nc: 3\n") == "a: 1\nb: 2\n# cut off here: 6 more characters\n"
    assert document("a: 1\n") == "a: 1\n"


def test_lines_of_logs_are_bounded_in_number_and_length() -> None:
    assert share(200, 1) == 200
    assert share(5000, 10) == 500
    assert share(None, 0) == TAIL_LIMIT
    assert share(1, 100_000) == 1
    long = shortened(b"x" * (LINE_LIMIT + 3))
    assert long == f"{'x' * LINE_LIMIT}… (3 more bytes)"
    assert shortened(b"a\xff") == "a\ufffd"


def test_each_route_is_of_one_stack_and_has_one_handler() -> None:
    assert len({(each.method, each.path) for each in ROUTES}) == len(ROUTES)
    assert all(each.path.startswith("/api/stacks/{namespace}/{stack}") for each in ROUTES)
    assert [each.path.rpartition("/")[2] for each in ROUTES if each.method == "POST"] == ["actions"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "no JSON"),
        ("[]", "the request: "),
        ('{"action": "delete"}', "action: "),
        ('{"action": "restart", "more": 1}', "more: "),
        ('{"action": "scale", "service": "web"}', "scale wants service and replicas"),
        ('{"action": "scale", "replicas": 2}', "scale wants service and replicas"),
        ('{"action": "scale", "service": "web", "replicas": "2"}', "replicas: "),
        ('{"action": "scale", "service": "web", "replicas": true}', "replicas: "),
        ('{"action": "scale", "service": "web", "replicas": -1}', "replicas: "),
        ('{"action": "rollback", "service": "web"}', "a whole tree goes back"),
        ('{"action": "rollback", "revision": 0}', "revision: "),
        ("[" * 2000, "no JSON"),
        (json.dumps({"action": "stop", "service": "x" * 20_000}), "at most"),
    ],
)  # fmt: skip
def test_a_wish_that_is_none_is_refused_with_a_sentence(body: str, sentence: str) -> None:
    with pytest.raises(Failure, match=sentence):
        wish_of(body.encode())


@pytest.mark.parametrize(
    ("wish", "paths"),
    [
        ({"action": "restart"}, ["shop"]),
        ({"action": "stop", "service": "web"}, ["shop/web"]),
        ({"action": "start", "service": None}, ["shop"]),
        ({"action": "scale", "service": "web", "replicas": 0}, ["shop/web"]),
    ],
)
def test_a_wish_is_an_edit_of_the_verb(wish: dict[str, Any], paths: list[str]) -> None:
    edit = edit_of("shop", wish_of(json.dumps(wish).encode()))
    assert (list(edit.paths), edit.wording.shows_difference) == (paths, True)


def test_a_service_of_a_wish_is_a_key_and_no_path() -> None:
    with pytest.raises(Failure, match="not a path"):
        edit_of("shop", wish_of(b'{"action": "stop", "service": "orders/api"}'))
