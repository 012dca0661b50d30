"""The code of the page's address, and the cookie that it is exchanged for."""

from ailtire_operator.cli.ui.session import CODE_SECONDS, Exchange, Session


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_code_is_exchanged_once() -> None:
    session = Session()
    assert session.exchange(session.code) is Exchange.ACCEPTED
    assert session.exchange(session.code) is Exchange.REFUSED
    assert session.knows(session.cookie)


def test_nobody_is_known_before_the_code_was_exchanged() -> None:
    session = Session()
    assert not session.knows(session.cookie)
    assert not session.knows(None)
    session.exchange(session.code)
    for wrong in (None, "", session.code, session.cookie[:-1], session.cookie + "x", "ü\ud800"):
        assert not session.knows(wrong)


def test_a_code_that_is_too_old_is_refused() -> None:
    clock = Clock()
    session = Session(clock)
    clock.now += CODE_SECONDS
    assert session.exchange(session.code) is Exchange.REFUSED
    assert not session.knows(session.cookie)


def test_no_more_than_a_few_wrong_codes_a_second_are_looked_at() -> None:
    clock = Clock()
    session = Session(clock)
    wrong = ["", "x", session.code[:-1], "\ud800", session.cookie]
    assert [session.exchange(each) for each in wrong] == [Exchange.REFUSED] * 5
    assert session.exchange(session.code) is Exchange.TOO_OFTEN
    clock.now += 1.0
    assert session.exchange(session.code) is Exchange.ACCEPTED


def test_every_session_has_secrets_of_its_own() -> None:
    sessions = [Session() for _ in range(3)]
    assert len({each for one in sessions for each in (one.code, one.cookie)}) == 6
    assert all(len(each.code) >= 43 for each in sessions)
