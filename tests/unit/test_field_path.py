"""Where a value stands: as data, which keys of any characters do not change, and its one text for people."""

import pytest

from ailtire_operator.model.field_path import (
    METADATA,
    SPEC,
    WHOLE,
    Bracketed,
    FieldPath,
    Reference,
    Step,
    in_file,
    path_of,
)
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.report import Notice

ODD = ["a.b", "a[0]", 'a"b', "a: b", "/web", "stackRef(x)", "[key]", "", "80"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (SPEC, "spec"),
        (WHOLE, ""),
        (path_of(WHOLE, "sepc"), "sepc"),
        (path_of(WHOLE, "a b"), '["a b"]'),
        (path_of(METADATA, "finalizers", 0), "metadata.finalizers[0]"),
        (path_of(SPEC, "services", "web", "interface", "/web", "port"), 'spec.services.web.interface["/web"].port'),
        (path_of(SPEC, "services", "pay", Reference("base.v2"), "env"), "spec.services.pay.stackRef(base.v2).env"),
        (path_of(SPEC, "ports", "80"), "spec.ports.80"),
        (path_of(SPEC, "ports", Bracketed("80")), 'spec.ports["80"]'),
        (FieldPath("services", ("web",), ("a.yml",)), "a.yml: services.web"),
        (in_file("deploy.js", FieldPath("services", ("web",), ("a.yml",))), "deploy.js: a.yml: services.web"),
    ],
)
def test_a_path_has_one_text(path: FieldPath, text: str) -> None:
    assert str(path) == text


@pytest.mark.parametrize("key", ODD)
@pytest.mark.parametrize("other", ODD)
def test_two_paths_are_equal_only_if_their_keys_are(key: str, other: str) -> None:
    one, two = path_of(SPEC, "services", key), path_of(SPEC, "services", other)
    assert (one == two, hash(one) == hash(two)) == (key == other, key == other)
    assert path_of(one, "image").is_below(two) is (key == other)
    assert not one.is_below(one)


def test_a_key_is_the_same_whether_it_is_written_in_brackets_or_not() -> None:
    assert path_of(SPEC, "ports", Bracketed("80")) == path_of(SPEC, "ports", "80")


@pytest.mark.parametrize("key", ODD)
def test_the_steps_in_a_document_are_its_keys_and_end_where_a_template_begins(key: str) -> None:
    path = path_of(SPEC, "services", key, Reference("base"), "services", key, Reference("deep"), "env")
    assert path.in_document == ("spec", "services", key, "stackRef")
    assert path.templates == ("base", "deep")
    assert WHOLE.in_document == ()


def test_a_path_knows_what_holds_it() -> None:
    path = FieldPath("services", ("web", "ports", 0), ("a.yml",))
    assert list(map(str, path.prefixes)) == [
        "a.yml: services.web.ports[0]",
        "a.yml: services.web.ports",
        "a.yml: services.web",
        "a.yml: services",
    ]
    assert path.holder == FieldPath("services", ("web", "ports"), ("a.yml",))
    assert not path.is_below(FieldPath("services", ("web",))), "of another file"


@pytest.mark.parametrize("control", ["\x1b[2J", "\n", "\u202e"])
def test_no_part_of_a_path_reaches_a_terminal_as_it_is(control: str) -> None:
    steps: tuple[Step, ...] = (control, Reference(control), Bracketed(control))
    path = FieldPath(control, steps, (control,))
    for text in (str(path), str(FieldError(path, "m")), FieldError(path, "m").path, Notice(path, "ignored", "m").path):
        assert control not in text
        assert text.isprintable()


def test_notices_are_in_the_order_of_their_texts_whatever_their_steps_are() -> None:
    paths = [path_of(SPEC, "a", 10), path_of(SPEC, "a", "b"), path_of(SPEC, "a", Reference("x")), path_of(SPEC, "a", 2)]
    notices = [Notice(path, "ignored", "m") for path in paths]
    assert [each.path for each in sorted(notices)] == sorted(map(str, paths))
    assert sorted([Notice(SPEC, "ignored", "z"), Notice(SPEC, "ignored", "a")])[0].message == "a"


def test_the_key_of_a_map_that_is_wrong_is_the_last_step() -> None:
    with pytest.raises(InvalidStack) as refused:
        parse_spec({"services": {"[key]": {"image": "x", "environment": {"A=B": "x"}}}})
    (problem,) = refused.value.problems
    assert problem.where.steps == ("services", "[key]", "environment", "A=B")
    assert problem.of_key
