"""What the lab's requests make of the API server's answers."""

from pathlib import Path

import pytest

from lab.api import Api, Refused

API = Api("https://127.0.0.1:1", "token", Path("ca"))


def answers(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Each request is refused with this status."""

    def answer(*_: object) -> str:
        raise Refused(code, "no")

    monkeypatch.setattr(Api, "_answer", answer)


@pytest.mark.parametrize("code", [404, 429, 500, 503])
def test_what_is_not_served_yet_may_be_later(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    answers(monkeypatch, code)
    assert not API.serves("/apis")


@pytest.mark.parametrize("code", [400, 401, 403])
def test_a_refusal_is_an_answer(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    answers(monkeypatch, code)
    with pytest.raises(Refused, match=str(code)):
        API.serves("/apis")
