"""Files that nest too deep, in every form in which a command reads one: a sentence, and never a traceback."""

import json
from pathlib import Path

import pytest

from ailtire_operator.cli.failures import Exit
from support.checks.commands import Run
from support.definitions import nested

HEAD = '{"apiVersion":"ailtire.io/v1alpha1","kind":"AiltireStack","metadata":{"name":"deep"},"spec":'
DEPTHS = (100, 1_000, 100_000)


@pytest.mark.parametrize("shape", nested.SHAPES)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("command", [("validate",), ("render",), ("export", "-f")])
def test_a_stack_that_nests_too_deep(run: Run, command: tuple[str, ...], shape: str, depth: int) -> None:
    Path("deep.json").write_text(f"{HEAD}{nested.spec(shape, depth)}}}")
    result = run(*command, "deep.json")
    assert result.code in (Exit.NO, Exit.TROUBLE), result
    assert "deep.json" in result.err
    assert any(words in result.err for words in ("nested more than 128 levels deep", "must be a", "unknown field"))
    assert len(result.err) < 2_000


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("compose.yaml", "services: {{web: {{image: x, x-deep: {lists}}}}}"),
        ("compose.yaml", "services: {{web: {{image: x, deploy: {{labels: {{ailtire.policies: '{lists}'}}}}}}}}"),
        ("services.js", "module.exports = {{services: {{web: {{image: 'x', interface: {lists}}}}}}}"),
    ],
)
def test_an_application_that_nests_too_deep(run: Run, name: str, content: str, depth: int) -> None:
    Path(name).write_text(content.format(lists=nested.lists(depth)))
    result = run("import", name)
    assert result.code in (Exit.DONE, Exit.NO, Exit.TROUBLE), result


def test_a_forged_annotation_of_kubectl_is_as_good_as_none() -> None:
    from ailtire_operator.cli.differences import LAST_APPLIED, three_way_patch

    live = {"metadata": {"annotations": {LAST_APPLIED: nested.maps(100_000)}}, "spec": {"a": 1}}
    assert three_way_patch(live, {"spec": {"a": 2}}) == {"spec": {"a": 2}}
    told = {"metadata": {"annotations": {LAST_APPLIED: json.dumps({"spec": {"b": 1}})}}}
    assert three_way_patch(told, {"spec": {"a": 2}}) == {"spec": {"a": 2, "b": None}}
