"""A tree of three levels with ten revisions: each is told truly, and any of them is gone back to."""

import json

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from support.kube.trees import Manifest, Trees, service, targets, tree

LAST = 10


def image(version: int) -> str:
    return f"docker.io/library/web:{version}"


def definition(version: int) -> Manifest:
    """Each differs from all others: at the leaf each time, at the root each second time, and in what the middle has."""
    spec = tree(image(version))
    spec["services"]["web"]["image"] = image(100 + version // 2)
    for number in range(1, version % 3 + 1):
        spec["services"]["cpl"]["stack"]["services"][f"extra-{number}"] = service()
    return spec


def runs(trees: Trees) -> tuple[str, str, set[str]]:
    """What tells the ten apart, as it runs."""
    found = {each["metadata"]["name"]: each for each in trees.all_of("Deployment")}
    images = [
        found[name]["spec"]["template"]["spec"]["containers"][0]["image"] for name in ("shop-cpl-dm-api", "shop-web")
    ]
    return images[0], images[1], {name for name in found if "-extra-" in name}


def expected(version: int) -> tuple[str, str, set[str]]:
    extra = {f"shop-cpl-extra-{number}" for number in range(1, version % 3 + 1)}
    return image(version), image(100 + version // 2), extra


def changes(version: int) -> set[tuple[str, str, str | None, str | None]]:
    """What became of the definition before: path, field, and an image before and after."""
    before, now = (version - 1) % 3, version % 3
    found: set[tuple[str, str, str | None, str | None]]
    found = {("cpl/dm/api", "image", image(version - 1), image(version))}
    if version % 2 == 0:
        found.add(("web", "image", image(100 + (version - 1) // 2), image(100 + version // 2)))
    found |= {(f"cpl/extra-{number}", "", None, "there") for number in range(before + 1, now + 1)}
    return found | {(f"cpl/extra-{number}", "", "there", None) for number in range(now + 1, before + 1)}


def told_changes(entry: Manifest) -> set[tuple[str, str, str | None, str | None]]:
    """The same as ``history`` tells it, whose members come and go with all that they say."""
    return {
        (
            each["path"],
            each["field"],
            *("there" if isinstance(value, dict) else value for value in (each["before"], each["after"])),
        )
        for each in entry["changes"]
    }


def test_ten_revisions_of_three_levels_are_told_truly_and_any_of_them_is_gone_back_to(trees: Trees, cli: Cli) -> None:
    generations = {}
    for version in range(1, LAST + 1):
        trees.apply("shop", definition(version))
        trees.until_ready("shop")
        generations[version] = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    told = json.loads(cli("history", "shop", "-o", "json").out)
    assert [(each["revision"], each["current"]) for each in told] == [
        (version, version == LAST) for version in range(1, LAST + 1)
    ]
    assert [each["generation"] for each in told] == [generations[version] for version in range(1, LAST + 1)]
    for version in range(2, LAST + 1):
        assert told_changes(told[version - 1]) == changes(version), f"revision {version}"
    lines = cli("history", "shop").out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [str(version) for version in range(LAST, 0, -1)]
    for version, line in zip(range(LAST, 1, -1), lines, strict=False):
        assert f"cpl/dm/api image {version - 1} -> {version}" in line
    why = json.loads(cli("why", "shop/cpl/dm/api", "-o", "json").out)
    rollouts = {each["rootGeneration"]: each["changes"] for each in why if each.get("recorded")}
    for version in range(LAST, 1, -1):
        if generations[version] in rollouts:
            (change,) = rollouts[generations[version]]
            assert (change["before"], change["after"]) == (image(version - 1), image(version))
    assert len(rollouts) >= 5, "of the newest at least"

    # Those that a rollback makes push the oldest out: the first ones first, while they are there.
    for number, version in enumerate(range(1, LAST), start=LAST + 1):
        done = cli("rollback", "shop", "--to", str(version), "--yes", "--wait")
        assert done.code == Exit.DONE, done.err
        trees.until(f"revision {version}", lambda version=version: runs(trees) == expected(version))  # type: ignore[misc]
        trees.until_ready("shop")
        (current,) = [each for each in json.loads(cli("history", "shop", "-o", "json").out) if each["current"]]
        assert current["revision"] == number, "what was gone back to is in force under a number of its own"
    mark = trees.audit.mark()
    trees.settle()
    assert targets(trees.writes(mark)) == []
