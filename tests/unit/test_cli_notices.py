"""The notices of a tree that runs."""

from typing import Any

from ailtire_operator.cli import report
from ailtire_operator.cli.notices import findings, reservations
from ailtire_operator.cli.report import text
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.limits import NOTICE_LIMIT
from ailtire_operator.model.report import Notice
from ailtire_operator.status.stack_status import Facts, as_json, status_of


def resource(name: str, *notices: Notice, generation: int = 1) -> dict[str, Any]:
    status = as_json(status_of(Facts(generation=1, notices=notices), {}, "2026-01-01T12:00:00Z"))
    return {"metadata": {"name": name, "generation": generation}, "spec": {}, "status": status}


IGNORED = Notice(path_of(SPEC, "networks", "a", "driver"), "ignored", "it has no effect.", "Remove it.")
REJECTED = Notice(path_of(SPEC, "services", "web", "user"), "rejected", "no pod runs as root.", "Use another user.")


def test_each_deviation_is_told_once_with_its_places_and_what_to_do() -> None:
    tree = [resource("shop", IGNORED, REJECTED), resource("shop-cpl", IGNORED)]
    assert [(each.stack, str(each.notice)) for each in findings(tree)] == [
        ("shop", str(IGNORED)),
        ("shop", str(REJECTED)),
        ("shop-cpl", str(IGNORED)),
    ]
    assert text(findings(tree)).splitlines() == [
        "rejected (1): left out",
        "  - no pod runs as root.",
        "    Use another user.",
        "      shop: spec.services.web.user",
        "",
        "ignored (2): has no effect",
        "  - it has no effect.",
        "    Remove it.",
        "      shop: spec.networks.a.driver",
        "      shop-cpl: spec.networks.a.driver",
    ]
    assert list(reservations(tree)) == []


def test_what_a_status_does_not_hold_is_not_passed_over() -> None:
    many = [
        Notice(path_of(SPEC, "services", f"s{index}"), "approximate", "otherwise.") for index in range(NOTICE_LIMIT + 7)
    ]
    full, stale = resource("shop", *many), resource("shop-a", generation=2)
    said = list(reservations([full, stale]))
    assert said[0].startswith("shop: 7 more are not in its status")
    assert said[1].startswith("shop-a: the operator has not reconciled")


def test_what_another_release_says_is_told_too() -> None:
    odd = resource("shop", IGNORED)
    odd["status"]["translation"]["notices"][0]["classification"] = "unheard-of"
    assert [each.notice.classification for each in findings([odd, {"metadata": {"name": "new"}}])] == ["approximate"]


def test_of_several_namespaces_each_is_named() -> None:
    tree = [resource("shop", IGNORED), resource("shop", IGNORED, generation=2)]
    for namespace, each in zip("ab", tree, strict=True):
        each["metadata"]["namespace"] = namespace
    found = findings(tree, namespaces=True)
    assert text(found).splitlines()[-2:] == [f"      {each}/shop: spec.networks.a.driver" for each in "ab"]
    assert [each["namespace"] for each in report.as_json(found)["notices"]] == ["a", "b"]
    (reservation,) = reservations(tree, namespaces=True)
    assert reservation.startswith("b/shop: ")
