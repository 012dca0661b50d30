"""Names as the C libraries find them: bare ones within a stack, the same one on every level, and those of the world."""

import uuid

import pytest

from e2e.applying import apply, get
from e2e.asking import Pod
from e2e.conftest import Lab, Tree
from e2e.objects import service
from e2e.tree import root, up
from kindlab import kube
from lab.waiting import eventually

WEBS = {"shop-web": "glibc", "shop-cpl-web": "musl", "shop-cpl-dm-web": "glibc"}


@pytest.mark.parametrize(("asker", "libc"), WEBS.items())
def test_one_name_on_three_levels_is_three_services(asked_tree: Tree, asker: str, libc: str) -> None:
    pod = asked_tree.pod(asker)
    assert pod.about()["libc"] == libc
    assert pod.resolve("web")["web"] == [_address(asked_tree, asker)]
    answer = pod.fetch("http://web:3000/x")["http://web:3000/x"]["body"]
    assert (answer["stack"], answer["path"]) == (asker.removesuffix("-web"), "/x")


@pytest.mark.parametrize(
    ("asker", "known"),
    [
        ("shop-web", {"web", "cpl", "old", "admin"}),
        ("shop-cpl-web", {"web", "dm", "admin"}),
        ("shop-cpl-dm-web", {"web", "admin"}),
    ],
)
def test_a_bare_name_is_known_within_its_stack_and_nowhere_else(asked_tree: Tree, asker: str, known: set[str]) -> None:
    found = asked_tree.pod(asker).resolve("web", "cpl", "dm", "old", "admin", "nobody")
    assert {name for name, addresses in found.items() if addresses} == known


def test_the_parent_s_gateway_is_reached_by_the_variable_that_names_it(asked_tree: Tree) -> None:
    for asker in WEBS:
        pod = asked_tree.pod(asker)
        host = pod.about()["environment"]["AILTIRE_PARENTHOST"]
        assert pod.reach(f"{host}:3000") == {f"{host}:3000": True}


def _address(tree: Tree, name: str) -> str:
    address: str = get(tree.namespace, f"service/{name}")["spec"]["clusterIP"]
    return address


@pytest.mark.parametrize("libc", ["glibc", "musl"])
@pytest.mark.usefixtures("operator")
def test_somebody_else_s_service_of_the_same_name_takes_no_name_from_a_stack(
    lab: Lab, namespace: str, libc: str
) -> None:
    image = lab.images.probe if libc == "glibc" else lab.images.probe_musl
    apply(namespace, service("db"), service("elsewhere"))
    plain = {"image": image, "user": "1000", "ports": {"http": {"port": 3000}}}
    up(namespace, root({"db": plain, "asker": plain}, "unused.example", name="own"), name="own")
    found = Pod(namespace, "deploy/own-asker").resolve("db", "elsewhere", "own-db")
    addresses = {name: [get(namespace, f"service/{name}")["spec"]["clusterIP"]] for name in ("elsewhere", "own-db")}
    assert found == {"db": addresses["own-db"], **addresses}


@pytest.mark.parametrize("asker", ["shop-web", "shop-cpl-web", "shop-cpl-dm-web"])
def test_a_name_of_the_outer_world_costs_two_questions_at_most(asked_tree: Tree, asker: str) -> None:
    pod = asked_tree.pod(asker)
    name = f"{uuid.uuid4().hex}.external.example"
    assert pod.resolve(name) == {name: ["192.0.2.7"]}
    asked: list[str] = []

    def logged() -> bool:
        pods = kube.kubectl("get", "pods", "-n", "kube-system", "-l", "k8s-app=kube-dns", "-o", "name").split()
        lines = [
            line for each in pods for line in kube.kubectl("logs", each, "-n", "kube-system", "--since=2m").split("\n")
        ]
        asked[:] = [line for line in lines if name in line]
        return bool(asked)

    eventually(logged, seconds=90, what=f"a question for {name} in the log of the DNS")
    assert len(asked) <= 2, asked
