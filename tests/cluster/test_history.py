"""Revisions of a whole tree on a real API server: kept, listed, compared, and gone back to."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from ailtire_operator.cli.spec_replacing import replacement
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane, Operator
from lab.api import Refused
from support.kube.operators import another
from support.kube.trees import Manifest, Trees, service, targets, tree

ROOT = "shop"


def image(version: int) -> str:
    return f"docker.io/library/web:{version}"


def kept(trees: Trees) -> list[int]:
    """The numbers of the revisions."""
    found = trees.plane.api.get(
        f"/apis/apps/v1/namespaces/{trees.namespace}/controllerrevisions?labelSelector={naming.LABEL_REVISION}"
    )["items"]
    return sorted(each["revision"] for each in found)


def ready(trees: Trees, spec: Manifest) -> None:
    trees.apply(ROOT, spec)
    trees.until_ready(ROOT)


def test_each_definition_of_a_tree_is_kept_before_it_says_ready_and_rest_writes_nothing(trees: Trees) -> None:
    for version in (1, 2, 3):
        ready(trees, tree(image(version)))
        assert kept(trees) == list(range(1, version + 1))
    trees.settle()
    mark = trees.audit.mark()
    trees.kubectl("annotate", naming.SINGULAR, ROOT, "note=x")
    trees.settle()
    assert targets(trees.writes(mark)) == []
    ready(trees, {**tree(image(3)), "revisionHistoryLimit": 2})
    assert 4 in kept(trees)
    trees.until("no more than two", lambda: kept(trees) == [3, 4])
    trees.kubectl("delete", naming.SINGULAR, ROOT, "--wait=false")
    trees.until("gone with the root", lambda: kept(trees) == [])


def test_a_template_three_levels_down_makes_a_revision_when_its_stack_is_ready(trees: Trees) -> None:
    def leaf(version: int) -> Manifest:
        return {"templateOnly": True, "services": {"api": service(image(version))}}

    trees.apply("leaf", leaf(1))
    reference = {"type": "stack", "stackRef": {"name": "leaf"}}
    middle = {"type": "stack", "stack": {"services": {"leaf": reference}}}
    ready(trees, {"services": {"middle": middle}})
    assert kept(trees) == [1]
    trees.apply("leaf", leaf(2))
    trees.until("a second one", lambda: kept(trees) == [1, 2])
    live = trees.must("Deployment", "shop-middle-leaf-api")
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == image(2)
    assert live["status"]["readyReplicas"] == 1


def test_an_operator_that_starts_writes_what_is_missing_once_and_no_more(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    ready(trees, tree(image(1)))
    trees.settle()
    operator.kill()
    trees.kubectl("delete", "controllerrevisions", "-l", naming.LABEL_REVISION)
    with another(control_plane, operator, "history-one") as one:
        trees.until("kept", lambda: kept(trees) == [1])
        trees.until("ready", one.is_ready)
        trees.settle()
    mark = trees.audit.mark()
    with another(control_plane, operator, "history-two") as two:
        trees.until("ready", two.is_ready)
        trees.settle()
    assert targets(trees.writes(mark)) == []
    operator.start()


def numbers(cli: Cli) -> list[tuple[int, bool]]:
    found = json.loads(cli("history", ROOT, "-o", "json").out)
    return [(each["revision"], each["current"]) for each in found]


def leaf_image(trees: Trees) -> str:
    return str(trees.must("Deployment", "shop-cpl-dm-api")["spec"]["template"]["spec"]["containers"][0]["image"])


def test_history_says_what_changed_and_rollback_goes_to_any_of_them(trees: Trees, cli: Cli) -> None:
    ready(trees, tree(image(1)))
    larger = tree(image(2))
    larger["services"]["cache"] = service(environment={"LEVEL": "debug"})
    ready(trees, larger)
    ready(trees, tree(image(3)))
    told = cli("history", ROOT)
    assert told.code == Exit.DONE, told.err
    heading, third, second, first = told.out.splitlines()
    assert heading.split() == ["REVISION", "TIME", "BY", "CHANGE-CAUSE", "CHANGES"]
    assert third.startswith("3 (current)")
    assert third.endswith("cache removed; cpl/dm/api image 2 -> 3")
    assert second.endswith("cache added; cpl/dm/api image 1 -> 2")
    assert first.endswith("the first definition")
    assert numbers(cli) == [(1, False), (2, False), (3, True)]
    assert numbers(cli) == [
        (each["revision"], each["current"]) for each in yaml.safe_load(cli("history", ROOT, "-o", "yaml").out)
    ]
    shown = yaml.safe_load(cli("history", ROOT, "--revision", "2").out)
    assert shown["spec"] == trees.plane.api.get(_path(trees))["spec"] | {"services": shown["spec"]["services"]}
    assert set(shown["spec"]["services"]) == {"web", "cpl", "cache"}
    diff = cli("history", ROOT, "--revision", "3", "-o", "diff").out
    assert f"-                image: {image(2)}" in diff or f"image: {image(3)}" in diff
    assert cli("history", ROOT, "--revision", "9").code == Exit.MISSING
    assert cli("history", "shop-cpl").code == Exit.TROUBLE

    mark = trees.audit.mark()
    dry = cli("rollback", ROOT, "--to", "2", "--dry-run")
    assert dry.code == Exit.DONE, dry.err
    assert dry.out.splitlines() == [
        "cache added",
        "cpl/dm/api image 3 -> 2",
        "ailtirestack/shop would go back to revision 2 (dry run)",
    ]
    trees.settle()
    assert targets(trees.writes(mark)) == []
    refused = cli("rollback", ROOT, "--to", "2")
    assert (refused.code, "--yes" in refused.err) == (Exit.TROUBLE, True)
    assert leaf_image(trees) == image(3)

    for number, version in ((2, 2), (1, 1), (3, 3)):
        done = cli("rollback", ROOT, "--to", str(number), "--yes", "--wait")
        assert done.code == Exit.DONE, done.err
        assert leaf_image(trees) == image(version)
        trees.until("cache", lambda number=number: ("shop-cache" in trees.names("Deployment")) is (number == 2))  # type: ignore[misc]
    assert numbers(cli)[-1] == (6, True)
    assert cli("rollback", ROOT, "--yes", "--wait").code == Exit.DONE
    assert leaf_image(trees) == image(1)
    assert cli("rollback", ROOT, "--to", "9", "--yes").code == Exit.MISSING
    already = cli("rollback", ROOT, "--to", "1", "--yes")
    assert (already.code, "already" in already.out) == (Exit.DONE, True)


def _path(trees: Trees) -> str:
    return f"/apis/{naming.API_VERSION}/namespaces/{trees.namespace}/{naming.PLURAL}/{ROOT}"


@pytest.mark.parametrize("way", ["apply", "apply --server-side --field-manager=ci", "create"])
def test_the_next_apply_takes_a_rollback_back_however_the_root_is_kept(trees: Trees, cli: Cli, way: str) -> None:
    def write(spec: Manifest) -> None:
        text = json.dumps(trees.manifest(ROOT, spec))
        verb = way if way != "create" or not trees.get(naming.KIND, ROOT) else "replace"
        trees.kubectl(*verb.split(), "-f", "-", stdin=text)
        trees.until_ready(ROOT)

    old = {"services": {"web": service(image(1), environment={"A": "1"}), "old": service(image(1))}}
    new = {"services": {"web": service(image(2)), "new": service(image(2))}, "environment": "qa"}
    write(old)
    write(new)
    done = cli("rollback", ROOT, "--yes", "--wait")
    assert done.code == Exit.DONE, done.err
    assert trees.must(naming.KIND, ROOT)["spec"] == old
    write(new)
    assert trees.must(naming.KIND, ROOT)["spec"] == new


def test_fields_of_another_manager_go_too(trees: Trees, cli: Cli) -> None:
    ready(trees, {"services": {"web": service(image(1))}})
    trees.patch(
        naming.SINGULAR, ROOT, {"spec": {"environment": "qa", "services": {"web": {"environment": {"A": "1"}}}}}
    )
    trees.until_ready(ROOT)
    trees.until("kept", lambda: kept(trees) == [1, 2])
    done = cli("rollback", ROOT, "--yes", "--wait")
    assert done.code == Exit.DONE, done.err
    assert trees.must(naming.KIND, ROOT)["spec"] == {"services": {"web": service(image(1))}}


def test_who_may_not_write_the_root_gets_the_words_of_the_api_server_and_who_may_only_look_sees_the_history(
    trees: Trees, cli: Cli, control_plane: ControlPlane, tmp_path: Path
) -> None:
    ready(trees, {"services": {"web": service(image(1))}})
    ready(trees, {"services": {"web": service(image(2))}})
    role = {"apiGroups": [naming.GROUP], "resources": [naming.PLURAL], "verbs": ["get", "list", "watch"]}
    rules = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "look"},
        "rules": [role],
    }
    trees.kubectl("apply", "-f", "-", stdin=json.dumps(rules))
    trees.kubectl("create", "rolebinding", "look", "--role=look", f"--serviceaccount={trees.namespace}:view")
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    told = cli("history", ROOT, "--kubeconfig", viewer)
    assert told.code == Exit.DONE, told.err
    assert told.out.splitlines()[1].endswith("web image 1 -> 2")
    refused = cli("rollback", ROOT, "--yes", "--kubeconfig", viewer)
    assert refused.code == Exit.TROUBLE
    assert "not permitted" in refused.err
    assert "cannot patch resource" in refused.err
    assert trees.must(naming.KIND, ROOT)["spec"] == {"services": {"web": service(image(2))}}


def test_a_definition_that_changes_while_somebody_decides_is_not_overwritten(trees: Trees, cli: Cli) -> None:
    ready(trees, {"services": {"web": service(image(1))}})
    ready(trees, {"services": {"web": service(image(2))}})
    root = trees.must(naming.KIND, ROOT)
    trees.apply(ROOT, {"services": {"web": service(image(3))}})
    request = replacement(root, {"services": {"web": service(image(1))}})
    with pytest.raises(Refused) as refused:
        trees.plane.api.apply(_path(trees), request.body, request.manager)
    assert refused.value.code == HTTPStatus.CONFLICT
