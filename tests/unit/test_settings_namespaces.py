"""Which namespaces are watched: all, or those of a list; never all by a slip in the list."""

import pytest
from pydantic import ValidationError

from ailtire_operator.model.settings import Settings


@pytest.mark.parametrize(
    ("said", "watched"),
    [("", []), ("shop", ["shop"]), ("shop,till", ["shop", "till"]), ("shop, till,shop", ["shop", "till"])],
)
def test_namespaces_are_a_list(monkeypatch: pytest.MonkeyPatch, said: str, watched: list[str]) -> None:
    monkeypatch.setenv("AILTIRE_OPERATOR_NAMESPACE", said)
    assert Settings().namespace == watched


@pytest.mark.parametrize("said", [",", " ", "shop,", "shop,,till", "Shop", "a/b", "*"])
def test_a_slip_is_refused_and_does_not_stand_for_all(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("AILTIRE_OPERATOR_NAMESPACE", said)
    with pytest.raises(ValidationError, match="namespace"):
        Settings()
