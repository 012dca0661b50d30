"""docs/reference.md: every field of the model, each with what it means and what its bounds are, and current."""

import re
from typing import Any, cast

import jsonschema
import pytest
from pydantic import BaseModel, create_model

from ailtire_operator.model import reference
from ailtire_operator.model.base import Strict
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.patterns import in_words
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.model.status import StackStatus
from ailtire_operator.model.structural import KEYS
from lab.paths import ROOT

PAGE = (ROOT / "docs/reference.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| (.+?) \| (.+?) \| (.*?) \| (.+) \|$", re.MULTILINE)
ROWS = {path: cells for path, *cells in ROW.findall(PAGE.replace(r"\|", "/"))}
NODES = dict(reference.fields())
FIELDS = {path for path in NODES if not path.endswith(("[]", ".*"))}


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all that its fields are made of."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and issubclass(each, BaseModel) and each not in found:
            found.add(each)
            waiting += [field.annotation for field in each.model_fields.values()]
        waiting += getattr(each, "__args__", ())
    return found


ALL = models(StackSpec) | models(StackStatus)


def test_the_page_is_current() -> None:
    assert reference.page() == PAGE, "run 'make reference' and commit it"


def test_every_field_of_the_model_has_a_row_and_nothing_else_has() -> None:
    assert len(ALL) > 50
    names = {field.alias or name for model in ALL for name, field in model.model_fields.items()}
    assert {path.rpartition(".")[2] for path in ROWS} == names
    assert set(ROWS) == FIELDS - {"spec", "status"}


def test_every_meaning_is_a_sentence_that_says_more_than_the_name() -> None:
    for path, (_, _, _, meaning) in ROWS.items():
        name = path.rpartition(".")[2].lower()
        words = [word for word in re.findall(r"[A-Za-z0-9-]+", meaning) if word.lower() not in (name, "the", "a", "of")]
        assert len(words) >= 2, f"{path}: {meaning}"
        assert len(meaning.split()) >= 3, f"{path}: {meaning}"
        assert meaning.endswith((".", "...")), f"{path}: {meaning}"


def test_what_is_required_says_so_and_defaults_stand_where_they_are() -> None:
    assert ROWS["spec.services.*.volumes.*.target"][1] == "**required**"
    assert ROWS["spec.services.*.healthcheck.interval"][1] == "`30s`"
    assert ROWS["spec.services.*.deploy.updateConfig.maxFailureRatio"][1] == "`0.0`"
    assert ROWS["spec.suspend"][1] == "`false`"
    assert ROWS["spec.appName"][1] == "-"


def test_examples_stand_where_they_help() -> None:
    assert ROWS["spec.services.*.interface"][3].endswith("Example: `{/web: {path: /, port: 3000}}`.")
    assert ROWS["spec.edge.hosts"][3].endswith("Example: `[shop.example]`.")
    assert len([path for path, cells in ROWS.items() if " Example: `" in cells[3]]) > 50


def test_bounds_are_words() -> None:
    assert ROWS["spec.services.*.ports.*.port"][2] == "1 to 65,535"
    assert ROWS["spec.services.*.deploy.endpointMode"][2] == "one of `vip`, `dnsrr`"
    assert "keys: 1 to 15 characters; a-z, 0-9 and single hyphens inside" in ROWS["spec.services.*.ports"][2]
    assert not [path for path, cells in ROWS.items() if re.search(r"[\[(\\]|\^|\$", cells[2].replace("`", ""))]


def test_every_link_leads_to_a_section() -> None:
    anchors = set(re.findall(r'<a id="([^"]+)">', PAGE))
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
    assert len(anchors) == PAGE.count("<a id=")


def test_a_pattern_without_words_is_an_error_of_the_generator() -> None:
    with pytest.raises(LookupError, match="add a description"):
        in_words("^nobody has said$")


@pytest.mark.parametrize(
    ("service", "field", "expected"),
    [
        ({"image": "a b"}, "image", "an image's name, with or without registry, tag and digest"),
        ({"image": "a", "user": "root"}, "user", "a numeric user, or user:group, as in 1000 or 1000:1000"),
        ({"image": "a", "stopSignal": "INT"}, "stopSignal", "the name of a signal, as in SIGTERM"),
        ({"image": "a", "workingDir": "srv"}, "workingDir", "an absolute path without colons and control characters"),
        ({"image": "a", "capAdd": ["net"]}, "capAdd[0]", "a Linux capability in upper case, with or without `CAP_`"),
    ],
)
def test_a_text_that_matches_no_pattern_is_refused_in_the_words_of_the_reference(
    service: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(InvalidStack) as refused:
        parse_spec({"services": {"web": service}})
    (problem,) = refused.value.problems
    assert (problem.path, problem.message) == (f"spec.services.web.{field}", f"invalid value; expected {expected}")
    assert expected in PAGE


def examples() -> list[Any]:
    """Each example that stands at a field or at its type, with the path to the field."""
    return [(path, each) for path, schema in NODES.items() for each in schema.get("examples", ())]


@pytest.mark.parametrize(("path", "example"), examples())
def test_every_example_is_what_the_schema_takes(path: str, example: Any) -> None:
    jsonschema.validate(example, {key: value for key, value in NODES[path].items() if key != KEYS})


def test_every_example_at_a_field_is_what_the_operator_takes() -> None:
    checked, alone_with = 0, cast(Any, create_model)
    for model in ALL:
        for name, field in model.model_fields.items():
            alone = alone_with("Alone", __base__=Strict, value=(field.annotation, field))
            for example in alone.model_json_schema()["properties"]["value"].get("examples", ()):
                assert alone.model_validate({"value": example}).value is not None, name
                checked += 1
    assert checked >= 30
