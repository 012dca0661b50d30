"""Settings keep working by their former names."""

import pytest

from ailtire_operator.model.settings import Settings


@pytest.mark.parametrize(
    ("former", "name"), [("LOOKS", "MAX_CONCURRENT_RECONCILES"), ("WORKERS", "MAX_INFLIGHT_REQUESTS")]
)
def test_a_former_name_counts_where_the_present_one_is_not_given(
    former: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Settings().deprecated
    monkeypatch.setenv(f"AILTIRE_OPERATOR_{former}", "7")
    settings = Settings()
    assert getattr(settings, name.lower()) == 7
    assert settings.deprecated == {former.lower(): name.lower()}
    monkeypatch.setenv(f"AILTIRE_OPERATOR_{name}", "9")
    assert getattr(Settings(), name.lower()) == 9
