"""From documents to stacks: every problem with its place, in one go."""

from typing import Any

import pytest

from ailtire_operator.cli.definitions import Definitions, collect, known_templates
from ailtire_operator.cli.failures import Exit, Failure, Invalid
from ailtire_operator.cli.sources import Document
from ailtire_operator.compose.yaml_data import documents


def found(text: str) -> Definitions:
    return collect([Document("shop.yaml", line, data, text) for line, data in documents(text)])


def told(text: str) -> list[str]:
    return list(map(str, found(text).problems))


def stack(name: str, spec: str, **metadata: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in metadata.items())
    return (
        f"apiVersion: ailtire.io/v1alpha1\nkind: AiltireStack\nmetadata: {{name: {name}{extra}}}\nspec: {spec}\n---\n"
    )


def nested(levels: int) -> str:
    below = "{services: {x: {image: x}}}"
    for _ in range(levels - 1):
        below = f"{{services: {{s: {{type: stack, stack: {below}}}}}}}"
    return below


def test_roots_templates_and_children_are_told_apart() -> None:
    place = "{place: {root: a, parent: a, parentKey: b, depth: 1, appName: a}, services: {}}"
    got = found(
        stack("a", "{services: {web: {image: web}}}")
        + stack("t", "{templateOnly: true, services: {web: {image: web}}}")
        + stack("a-b", place, uid="u-1")
        + "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    )
    names = [[each.stack.name for each in part] for part in (got.roots, got.templates, got.placed)]
    assert names == [["a"], ["t"], ["a-b"]]
    assert (got.others, got.problems, got.notes) == (1, [], [])


def test_a_place_is_refused_with_its_path_unless_it_comes_from_the_cluster() -> None:
    place = "{services: {}, place: {root: a, parent: a, parentKey: b, depth: 1, appName: a}}"
    (said,) = told(stack("a", place))
    assert said == (
        "shop.yaml:4:22: AiltireStack a: spec.place: is written by the operator alone, into child stacks; leave it out "
        "of a stack of your own"
    )
    assert told(stack("a", place, uid="u-1")) == []


def test_a_list_as_kubectl_prints_it_is_read() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- " + stack("a", "{services: {}}").replace("\n", "\n  ").rstrip(" -\n")
    assert [each.stack.name for each in found(text).roots] == ["a"]


def test_every_problem_of_every_level_is_named_at_once() -> None:
    spec = """
  services:
    web: {imag: web}
    cpl:
      type: stack
      stack:
        services:
          db: {image: db, deploy: {replicas: -1}}
          dm: {type: stack, stack: {services: {db: {image: db, environment: {AILTIRE_X: y}}}}}
"""
    problems = "\n".join(told(stack("shop", spec) + stack("other", "{serviecs: {}}")))
    for place in (
        "shop.yaml:6:11: AiltireStack shop: spec.services.web.imag: unknown field; did you mean image?",
        "spec.services.cpl.stack.services.db.deploy.replicas",
        "spec.services.cpl.stack.services.dm.stack.services.db.environment.AILTIRE_X",
        "AiltireStack other: spec.serviecs: unknown field; did you mean services?",
    ):
        assert place in problems


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        ("just a text", "this is no Kubernetes resource"),
        (
            "{apiVersion: ailtire.io/v2, kind: AiltireStack, metadata: {name: a}}",
            "apiVersion: 'ailtire.io/v2' is unknown",
        ),
        ("{apiVersion: 1, kind: AiltireStack, metadata: {name: a}}", "apiVersion: '1' is unknown"),
        ("{kind: AiltireStack, metadata: {name: a}}", "apiVersion: 'None' is unknown"),
        ("{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack}", "metadata.name: a stack needs a name"),
        (
            "{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack, metadata: {name: a}, services: {}}",
            "services: unknown field; the definition stands below spec",
        ),
        (
            "{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack, metadata: {name: a, labels: {a: 1}}}",
            "metadata.labels.a: must be a string",
        ),
        (
            "{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack, metadata: {name: 5}}",
            "metadata.name: must be a string",
        ),
        ("{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack, metadata: {name: a--b}}", "must not contain '--'"),
        ("{apiVersion: ailtire.io/v1alpha1, kind: AiltireStack, metadata: {name: A}}", "metadata.name"),
    ],
)
def test_what_is_wrong_around_the_spec_is_told(resource: str, problem: str) -> None:
    assert any(problem in each for each in told(resource))


def test_the_same_stack_twice_is_told_and_two_namespaces_are_two_stacks() -> None:
    once = stack("a", "{services: {}}")
    assert "the same stack stands at shop.yaml:1 already" in told(once + once)[0]
    assert not found(once + stack("a", "{services: {}}", namespace="other")).problems


def test_a_tree_too_deep_is_refused() -> None:
    assert not found(stack("a", nested(16))).problems
    assert "deeper than 16 levels" in told(stack("a", nested(20)))[0]


def test_a_cycle_of_templates_is_told_once_and_not_again_by_who_refers_to_it() -> None:
    spec = "{templateOnly: true, services: {again: {type: stack, stackRef: {name: t}}}}"
    got = found(stack("t", spec) + stack("root", "{services: {t: {type: stack, stackRef: {name: t}}}}"))
    assert len(got.problems) == 1
    assert "AiltireStack t: " in str(got.problems[0])
    assert "a stack cannot contain itself: t -> t" in str(got.problems[0])


def test_a_missing_template_is_only_noted() -> None:
    got = found(stack("root", "{services: {t: {type: stack, stackRef: {name: nobody}}}}"))
    assert not got.problems
    assert "the template 'nobody' is not part of the input" in str(got.notes[0])


def test_templates_are_those_of_the_same_namespace() -> None:
    spec = "{templateOnly: true, services: {}}"
    got = found(
        stack("t", spec, namespace="one") + stack("u", spec, namespace="two") + stack("r", "{}", namespace="one")
    )
    assert list(got.templates_for(got.roots[0].stack)) == ["t"]
    assert list(got.templates_for(got.roots[0].stack, {"live": got.templates[0].stack.spec})) == ["live", "t"]


def test_checked_raises_with_the_code_that_was_asked_for() -> None:
    with pytest.raises(Invalid) as caught:
        found(stack("a", "{wrong: 1}")).checked(code=Exit.TROUBLE)
    assert caught.value.code == Exit.TROUBLE
    with pytest.raises(Failure, match="the input holds no AiltireStack"):
        found("{apiVersion: v1, kind: Secret, metadata: {name: a}}").checked()


def test_templates_of_a_cluster_leave_out_what_is_wrong() -> None:
    def resource(name: str, **spec: Any) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": spec}

    good = resource("good", templateOnly=True, services={})
    assert list(
        known_templates([good, resource("bad", templateOnly=True, wrong=1), resource("root", services={})])
    ) == ["good"]


def test_who_waits_for_himself_through_the_tree_is_told() -> None:
    spec = """
  services:
    a: {type: stack, stack: {services: {web: {image: x, dependsOn: {b/api: {}}}}}}
    b: {type: stack, stack: {services: {api: {image: x, dependsOn: {a/web: {}, c/z: {required: false}}}}}}
"""
    (problem,) = told(stack("shop", spec))
    assert "spec.services.a.stack.services.web.dependsOn: members cannot wait for each other: a/web -> b/api" in problem
