"""What all commands that write into definitions have in common: their JSON, and what they say of who undoes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, Result
from cluster.ways import IMAGE, TOOLS, Apply, like_argo, like_flux
from support.kube.trees import Manifest, Trees, tree


@dataclass(frozen=True)
class Verb:
    """A command, and what it writes into the tree that is there."""

    words: Sequence[str]
    path: str
    field: str
    before: Any
    after: Any
    """None as well where it is not known beforehand."""
    hidden: bool = False
    undone: bool = True
    """Whether a tool that brings its definition back undoes it: the time of a restart restarts nothing by going."""


WEB = "docker.io/library/web:1"
VERBS = [
    Verb(("set", "image", f"shop/cpl/dm/api={IMAGE}"), "shop/cpl/dm/api", "image", WEB, IMAGE),
    Verb(("set", "env", "shop/web", "LOG=debug"), "shop/web", "environment.LOG", None, "debug", hidden=True),
    Verb(("scale", "shop/cpl/web=2"), "shop/cpl/web", "deploy.replicas", 1, 2),
    Verb(("restart", "shop/web"), "shop/web", "restartedAt", None, None, undone=False),
    Verb(("stop", "shop/cpl/dm"), "shop/cpl/dm", "stopped", None, True),
    Verb(("start", "shop/cpl/dm"), "shop/cpl/dm", "stopped", True, None),
    Verb(("rollback", "shop", "--to", "1", "--yes"), "shop/cpl/dm/api", "image", IMAGE, WEB),
]
"""In an order in which each has something to write."""
SHAPE = {"dryRun", "changes", "unchanged", "notes", "outcome", "message"}


def told(done: Result) -> dict[str, Any]:
    """The object, which is all of standard output."""
    found: dict[str, Any] = json.loads(done.out)
    assert set(found) == SHAPE
    return found


def definition(trees: Trees) -> Manifest:
    found: Manifest = trees.must(naming.KIND, "shop")["spec"]
    return found


def change_of(verb: Verb, found: dict[str, Any]) -> dict[str, Any]:
    (change,) = [each for each in found["changes"] if (each["path"], each["field"]) == (verb.path, verb.field)]
    assert isinstance(change, dict)
    return change


def check(verb: Verb, found: dict[str, Any]) -> None:
    change = change_of(verb, found)
    assert change["resource"] == "shop"
    if verb.hidden:
        assert set(change) == {"resource", "path", "field", "hidden"}
        assert str(verb.after) not in json.dumps(found)
        return
    assert change["before"] == verb.before
    assert change["after"] == verb.after or verb.words[0] == "restart"


def test_each_of_them_prints_one_object_of_one_shape(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    for verb in VERBS:
        before = definition(trees)
        dry = cli(*verb.words, "--dry-run", "-o", "json")
        assert dry.code == Exit.DONE, f"{verb.words}: {dry.err}"
        found = told(dry)
        check(verb, found)
        assert (found["dryRun"], found["outcome"], found["message"]) == (True, None, ""), verb.words
        assert definition(trees) == before, verb.words
        done = cli(*verb.words, "-o", "json", "--wait", "--timeout", "180s")
        assert done.code == Exit.DONE, f"{verb.words}: {done.err}"
        found = told(done)
        check(verb, found)
        assert (found["dryRun"], found["outcome"]) == (False, "reached"), verb.words
        assert found["message"], verb.words
        assert definition(trees) != before, verb.words
        assert all(f"note: {each}" in done.err for each in found["notes"]), "a person reads them as well"
        if verb.words[0] in ("set", "scale", "stop", "start") and verb.words[1] != "env":
            again = told(cli(*verb.words, "-o", "json"))
            assert [each for each in again["changes"] if each["path"] == verb.path] == []
            assert len(again["unchanged"]) == 1, verb.words
        wrong = cli(*(each.replace("shop", "nobody") for each in verb.words), "-o", "json")
        assert (wrong.code, wrong.out) == (Exit.MISSING, ""), "who fails prints none"


def test_the_outcome_is_that_of_the_waiting_and_the_exit_code_says_the_same(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    late = cli("set", "image", "shop/web=lab.invalid/unready:2", "--wait", "--timeout", "2s", "-o", "json")
    assert (late.code, told(late)["outcome"]) == (Exit.TIMED_OUT, "waiting")
    trees.patch(naming.KIND, "shop", {"spec": {"suspend": True}})
    trees.until("suspended", lambda: trees.condition("shop", "Suspended").get("status") == "True")
    held = cli("set", "image", "shop/web=lab.invalid/unready:3", "--wait", "--timeout", "180s", "-o", "json")
    assert (held.code, told(held)["outcome"]) == (Exit.SUSPENDED, "suspended")
    assert "shop is suspended: nothing happens until that is gone" in told(held)["notes"]


@pytest.mark.parametrize("apply", [like_flux, like_argo])
def test_each_of_them_says_that_a_tool_will_bring_its_own_definition_back(
    cli: Cli, trees: Trees, tmp_path: Path, apply: Apply
) -> None:
    """By its marks or by the name under which it writes, server-side and client-side, before and after a change."""
    apply(trees, trees.manifest("shop", tree()), tmp_path)
    trees.until_ready("shop")
    said = f"shop is kept by {TOOLS[apply]}, which will bring its own definition back: change its source as well"
    for verb in VERBS:
        for options in (["--dry-run"], []):
            done = cli(*verb.words, *options, "-o", "json")
            assert done.code == Exit.DONE, f"{verb.words}: {done.err}"
            assert (said in told(done)["notes"]) == verb.undone, verb.words
    cli("set", "image", f"shop/web={IMAGE}")
    assert definition(trees) != tree()
    apply(trees, trees.manifest("shop", tree()), tmp_path)
    assert definition(trees) == tree(), "and so it does"
