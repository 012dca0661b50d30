"""A little of what `make fuzz` tries for minutes, the same each time: what grows, or means something to others."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from fuzz import growing
from fuzz.loaders import LOADERS

few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@few
@given(text=growing.resources())
def test_a_resource_is_planned_or_refused_soon_in_plain_text(tmp_path: Path, text: str) -> None:
    LOADERS[".json"](tmp_path, text)


@few
@given(text=growing.texts())
def test_no_text_keeps_a_regular_expression_busy(tmp_path: Path, text: str) -> None:
    LOADERS[".txt"](tmp_path, text)
