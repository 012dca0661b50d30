"""``reach`` without a cluster: what it says of files, in every form."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ailtire_operator.cli import app
from ailtire_operator.cli.failures import Exit
from support.definitions.reachable import SHOP

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def reach(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SHOP)

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = app.run(["reach", "-f", "shop.yaml", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_pair_is_explained(reach: Run) -> None:
    code, out, _ = reach("shop/web", "shop/cpl")
    assert code == Exit.DONE
    assert out.splitlines() == [
        "shop/web reaches shop/cpl by name on 3000/TCP, by the address of a pod on all ports",
        "  as   cpl  in network siblings of shop, 3000/TCP of Service shop-cpl",
        "  as   shop-cpl  in the whole namespace, 3000/TCP of Service shop-cpl",
        "  in   NetworkPolicy shop--siblings--members lets in members of network siblings of shop, all ports",
    ]


def test_aliases_are_names_and_any_spelling_of_a_path_will_do(reach: Run) -> None:
    _, out, _ = reach("shop-cpl/job", "shop/cpl/policy-engine")
    assert "shop/cpl/job reaches shop/cpl/policy_engine" in out
    assert "as   pe  in network siblings of shop/cpl" in out


def test_a_port_that_no_service_has_is_not_reached_by_name(reach: Run) -> None:
    assert reach("shop/cpl/job", "shop/cpl/db", "--port", "5432")[0] == Exit.DONE
    assert reach("shop/cpl/job", "shop/cpl/db", "--port", "5433")[0] == Exit.NO
    assert reach("shop/cpl/db", "shop/cpl/job", "--port", "5433")[0] == Exit.DONE  # it has no address but its pods'


def test_what_is_closed_says_what_is_open(reach: Run) -> None:
    code, out, _ = reach("shop/web", "shop/cpl/db")
    assert code == Exit.NO
    assert out.splitlines()[0] == "shop/web does not reach shop/cpl/db"
    assert "only this is open: NetworkPolicy shop-cpl--data--members lets in members of network data of shop/cpl" in out


def test_internal_networks_keep_a_service_in(reach: Run) -> None:
    code, out, _ = reach("shop/cpl/db", "outside")
    assert "out  NetworkPolicy shop-cpl--data--egress may send to everybody, 53/TCP, 53/UDP" in out
    assert code == Exit.DONE
    assert reach("shop/cpl/db", "outside", "--port", "443")[0] == Exit.NO
    assert reach("shop/cpl/job", "outside", "--port", "443")[0] == Exit.DONE


def test_the_edge_is_open_on_its_port_alone(reach: Run) -> None:
    assert reach("outside", "shop", "--port", "3000")[0] == Exit.DONE
    assert reach("outside", "shop", "--port", "3090")[0] == Exit.NO
    assert reach("outside", "shop/web")[0] == Exit.NO


def test_a_pair_as_data(reach: Run) -> None:
    data = json.loads(reach("shop/web", "shop/cpl", "-o", "json")[1])
    assert (data["reachable"], data["ports"], data["out"]) == (True, ["all"], None)
    assert data["portsByName"] == ["3000/TCP"]
    assert data["in"] == [{"policy": "shop--siblings--members", "network": "siblings of shop", "ports": ["all"]}]
    assert [each["name"] for each in data["names"]] == ["cpl", "shop-cpl"]


def test_the_matrix_in_three_forms(reach: Run) -> None:
    code, out, _ = reach("--matrix", "shop/cpl")
    assert code == Exit.DONE
    assert out.splitlines()[:6] == [
        "                          1 2 3 4 5",
        "1  shop/cpl                 · ● ● ●",
        "2  shop/cpl/db            ·   ● · ○",
        "3  shop/cpl/job           ● ●   ● ●",
        "4  shop/cpl/policy_engine ● · ●   ●",
        "5  outside                · · · ·",
    ]
    assert out.splitlines()[-1] == "○ outside: 53/TCP, 53/UDP"
    rows = list(csv.reader(io.StringIO(reach("--matrix", "-o", "csv")[1])))
    assert rows[0] == ["from", *(row[0] for row in rows[1:])]
    assert rows[1][0] == "shop"
    data = json.loads(reach("--matrix", "shop/cpl", "-o", "json")[1])
    assert {"from": "shop/cpl/db", "to": "outside", "ports": ["53/TCP", "53/UDP"]} in data["reach"]


def test_what_stands_beside_the_stacks_counts_too(reach: Run) -> None:
    closed = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none},"
    closed += " spec: {podSelector: {matchLabels: {ailtire.io/service: web}}, policyTypes: [Egress]}}"
    code, out, _ = reach("-f", "-", "shop/web", "shop/cpl", stdin=closed)
    assert code == Exit.NO
    assert "out  shop/web may send to nobody at all" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["shop/wbe", "shop"], Exit.MISSING, "there is no 'shop/wbe'"),
        (["shop/dark", "shop"], Exit.MISSING, "shop/dark is a stack without a gateway"),
        (["--matrix", "nope"], Exit.MISSING, "there is no 'nope'"),
        (["shop/web"], Exit.TROUBLE, "FROM and TO are needed"),
        (["--matrix", "shop", "shop/web"], Exit.TROUBLE, "one path at the most"),
        (["shop", "shop/web", "-o", "csv"], Exit.TROUBLE, "goes with --matrix"),
        (["shop", "shop/web", "--port", "many"], Exit.TROUBLE, "--port: 'many' is no port"),
        (["-f", "nothing.yaml", "shop", "shop/web"], Exit.TROUBLE, "there is no file"),
    ],
)
def test_trouble_is_a_plain_sentence(reach: Run, arguments: list[str], code: Exit, message: str) -> None:
    found, out, err = reach(*arguments)
    assert (found, out) == (code, "")
    assert message in err
