"""Where problems stand: the line and column of the value itself, or of the key that is wrong."""

import json

import pytest
import yaml

from ailtire_operator.cli.definitions import collect
from ailtire_operator.cli.issues import InvalidInput, Issue
from ailtire_operator.cli.rendering import render_all
from ailtire_operator.cli.sources import Document
from ailtire_operator.compose.yaml_data import documents
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.settings import Settings
from sequences.breaking import violations
from support.definitions.stacks import FULL

HEAD = "apiVersion: ailtire.io/v1alpha1\nkind: AiltireStack\nmetadata: {name: shop}\nspec:\n"


def problems(text: str) -> list[Issue]:
    found = collect([Document("x.yaml", line, data, text) for line, data in documents(text)])
    try:
        render_all(found.checked(), settings=Settings())
    except InvalidInput as error:
        return list(error.issues)
    return []


def marked(text: str) -> tuple[str, int, int]:
    """The text without its mark, and where the mark stood."""
    before = text.partition("§")[0]
    return text.replace("§", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("  services:\n    web:\n      image: §7\n", "must be a string (quote it)"),
        ("  services:\n    web:\n      image: x\n      §stop_grace_period: 10s\n", "did you mean stopGracePeriod?"),
        ("  services:\n    web: {image: x, §depends_on: {db: {}}}\n", "did you mean dependsOn?"),
        ("  services:\n    web: {image: x, §enviroment: {}}\n", "did you mean environment?"),
        ("  services:\n    web: {image: x, healthcheck: {test: [NONE], interval: §'10'}}\n", "10 has no unit"),
        ("  services:\n    web: {image: x, healthcheck: {test: [NONE], interval: §10}}\n", "write 10s for seconds"),
        ("  services:\n    web: {image: x, capAdd: [NET_ADMIN, §net]}\n", "a Linux capability in upper case"),
        ("  services:\n    web: {image: x, user: §root}\n", "expected a numeric user"),
        ("  services:\n    web: {image: x, environment: {§A=B: x}}\n", "is not the name of an environment variable"),
        ("  services:\n    web: {image: §null}\n", "must be a string (quote it)"),
        ("  services:\n    web: {image: x, volumes: {a: {target: /x}, b: {target: §/x}}}\n", "already mounted"),
        (
            "  services:\n    a:\n      type: stack\n      stack:\n        services:\n          d: {§imag: y}\n",
            "did you mean image?",
        ),
        ("  services:\n    web:\n      <<: {image: x, §imgae: y}\n", "did you mean image?"),
        ("  services:\n    web: {image: x, dependsOn: {nobody: §{}}}\n", "nobody"),
        ("  services: {}\n  §service: {}\n", "did you mean services?"),
        ("  services:\n    web: {image: x, dependsOn: {'a\"].b[0]': §{}}}\n", "there is no service"),
        ('  services: {}\n  networks: {a: {}, §"\\x02": {}}\n', "must have no control characters"),
    ],
)
def test_a_problem_stands_at_the_value_or_key_itself(spec: str, message: str) -> None:
    text, line, column = marked(HEAD + spec)
    found = problems(text)
    assert [(each.line, each.column) for each in found] == [(line, column)], found
    assert message in found[0].message


def test_what_is_missing_is_told_at_what_would_hold_it_in_lists_and_later_documents_too() -> None:
    text, line, column = marked("a: 1\nkind: Secret\n---\n" + HEAD + "  secrets:\n    a: §{key: x}\n")
    (found,) = problems(text)
    assert (found.line, found.column, found.message) == (line, column, "is required")
    item = "- " + (HEAD + "  secrets:\n    a: §{key: x}\n").replace("\n", "\n  ")
    text, line, column = marked(f"apiVersion: v1\nkind: List\nitems:\n{item.rstrip()}\n")
    (found,) = problems(text)
    assert (found.line, found.column) == (line, column)


def test_a_problem_inside_a_template_stands_in_the_template() -> None:
    template = (
        HEAD.replace("shop", "pay")
        + "  templateOnly: true\n  services:\n    a: {image: x, volumes: §{a: {target: /x}, b: {target: /x}}}\n"
    )
    root = HEAD + "  services: {p: {type: stack, stackRef: {name: pay}}}\n---\n"
    text, line, _ = marked(root + template)
    assert [each.line for each in problems(text)] == [line]


@pytest.mark.parametrize(
    "steps_of", [("a", 0, "b c"), ("services", "policy_engine", "a-b", "/web/x.io"), ("x", "a.b", 12)]
)
def test_a_path_is_read_as_it_is_written(steps_of: tuple[str | int, ...]) -> None:
    assert path_of(SPEC, *steps_of).in_document == ("spec", *steps_of)


def test_every_broken_rule_of_the_schema_has_its_place_and_no_regular_expression_in_its_words() -> None:
    """Each way to break a definition that uses every part: the place is that of what was broken, or around it."""
    spec = yaml.safe_load(FULL)
    whole = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": "shop"}, "spec": spec}
    text = json.dumps(whole, indent=1)
    count = len(list(violations(spec)))
    told = 0
    for number in range(0, count, 7):
        broken = json.loads(text)
        _, what, change = list(violations(broken["spec"]))[number]
        change()
        shown = json.dumps(broken, indent=1)
        for each in problems(shown):
            told += 1
            assert each.line > 6, (what, each)  # below the head of the resource
            assert not any(sign in each.message for sign in ("^", "[A-Z", "[a-z", "(?")), each
    assert told > count / 14
