"""``validate`` and ``render`` as a user types them: output, streams, exit codes."""

import json

import pytest

from ailtire_operator.cli.failures import Exit
from support.checks.commands import PAYMENT, SHOP, Run


def test_validate_says_what_is_right(run: Run) -> None:
    result = run("validate", "shop.yaml", "payment.yaml")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "shop.yaml: stack shop is valid (3 stacks, 4 services)",
        "payment.yaml: template payment is valid (1 stack, 1 service)",
        "template payment: used by 1 tree (valid: shop)",
    ]


def test_validate_says_which_trees_a_template_makes_invalid(run: Run) -> None:
    two = SHOP + "---" + SHOP.replace("name: shop,", "name: kiosk,") + "---" + PAYMENT
    wrong = two.replace('{image: "pay:1"}', '{image: "pay:1", volumes: {a: {target: /x}, b: {target: /x}}}')
    result = run("validate", "-", stdin=wrong)
    assert result.code == Exit.NO
    assert "template payment: used by 2 trees (invalid with it: kiosk, shop)\n" in result.err
    data = json.loads(run("validate", "-", "-o", "json", stdin=wrong).out)
    assert {each["tree"]: each["verdict"] for each in data["trees"]} == {"shop": "invalid", "kiosk": "invalid"}
    assert {each["namespace"] for each in data["trees"]} == {"elsewhere"}


def test_validate_says_what_is_wrong_where(run: Run) -> None:
    result = run("validate", "-", stdin=SHOP.replace('db: {image: "db:1"}', "data_base: {imag: x}"))
    assert (result.code, result.out) == (Exit.NO, "")
    assert "shop: spec.services.orders.stack.services.data_base.imag: unknown field; did you mean image?" in result.err


def test_validate_finds_what_only_the_plan_refuses(run: Run) -> None:
    mounts = "volumes: {one: {target: /x}, two: {target: /x}}"
    result = run("validate", "-", stdin=SHOP.replace('db: {image: "db:1"}', f'db: {{image: "db:1", {mounts}}}'))
    assert result.code == Exit.NO
    assert "AiltireStack shop: spec.services.orders.stack.services.db.volumes.two" in result.err


def test_validate_notes_a_template_that_is_not_there(run: Run) -> None:
    result = run("validate", "shop.yaml")
    assert result.code == Exit.DONE
    assert "AiltireStack shop: spec.services.pay.stackRef.name: the template 'payment'" in result.err


def test_validate_reports_what_does_not_run_as_written(run: Run) -> None:
    assert "sends SIGINT" in run("validate", "--report", "text", "shop.yaml", "payment.yaml").err
    report = json.loads(run("validate", "--report", "json", "shop.yaml", "payment.yaml").err)
    assert report["notices"][0]["stack"] == "shop"


def test_render_gives_every_level(run: Run) -> None:
    result = run("render", "shop.yaml", "payment.yaml")
    assert (result.code, result.err) == (0, "")
    names = {(each["kind"], each["metadata"]["name"]) for each in result.documents}
    workloads = {
        "shop-web",
        "shop-orders-api",
        "shop-orders-db",
        "shop-pay-api",
        "shop--gateway",
        "shop-orders--gateway",
    }
    assert workloads == {name for kind, name in names if kind == "Deployment"}
    assert not any(kind in ("AiltireStack", "EndpointSlice") for kind, _ in names)


def test_render_names_what_it_leaves_out(run: Run) -> None:
    nowhere = f"{SHOP}---{PAYMENT}".replace(", namespace: elsewhere", "")
    out = run("render", "-", stdin=nowhere).out
    comment = "".join(line for line in out.splitlines(True) if line[0] == "#")
    for part in ("owner references", "EndpointSlices of the Services z-", "the namespace", "2 child ailtirestacks"):
        assert part in comment


def test_render_puts_everything_into_the_namespace_of_the_resource(run: Run) -> None:
    result = run("render", "shop.yaml")
    assert {each["metadata"]["namespace"] for each in result.documents} == {"elsewhere"}
    assert ".elsewhere.svc.cluster.local" in result.out
    assert ".default.svc" not in result.out
    assert "the namespace" not in result.out
    nowhere = run("render", "-", stdin=SHOP.replace(", namespace: elsewhere", ""))
    assert not any("namespace" in each["metadata"] for each in nowhere.documents)
    assert ".default.svc.cluster.local" in nowhere.out


def test_render_puts_everything_into_the_namespace_that_it_is_given(run: Run) -> None:
    for arguments in (("render", "-n", "prod", "shop.yaml"), ("-n", "prod", "render", "shop.yaml")):
        result = run(*arguments)
        assert {each["metadata"]["namespace"] for each in result.documents} == {"prod"}
        assert ".prod.svc.cluster.local" in result.out
        assert ".default.svc" not in result.out


def test_render_shows_child_stacks_on_request(run: Run) -> None:
    children = [each for each in run("render", "--stacks", "shop.yaml").documents if each["kind"] == "AiltireStack"]
    assert [each["metadata"]["name"] for each in children] == ["shop-orders"]
    assert children[0]["spec"]["place"]["parent"] == "shop"


def test_render_is_deterministic_and_as_json_the_same(run: Run) -> None:
    first = run("render", "shop.yaml", "payment.yaml")
    assert run("render", "shop.yaml", "payment.yaml").out == first.out
    as_list = json.loads(run("render", "-o", "json", "shop.yaml", "payment.yaml").out)
    assert (as_list["kind"], as_list["items"]) == ("List", first.documents)


def test_render_says_which_stack_is_missing(run: Run) -> None:
    assert (
        "note: shop: the stack 'pay' is left out: the template 'payment' is not part of the input"
        in run("render", "shop.yaml").err
    )


def test_render_takes_the_operators_settings_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AILTIRE_OPERATOR_GATEWAY_IMAGE", "mine:1")
    assert "image: mine:1" in run("render", "shop.yaml").out


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DRAIN_SECONDS", "soon", "must be a whole number"),
        ("DRAIN_SECONDS", "61", "must be 60 or less"),
        (
            "GATEWAY_IMAGE",
            "nginx 1.29",
            "invalid value; expected an image's name, with or without registry, tag and digest",
        ),
        ("LEADER_ELECTION", "maybe", "must be true or false"),
        ("NAMESERVERS", "10.0.0.1,dns.example", "'dns.example' is not an IP address"),
        ("EDGE_SOURCES", "everywhere", "'everywhere' is not an address range such as 10.0.0.0/8"),
        ("EDGE_SOURCES", "10.0.0.1", "'10.0.0.1' is a single address; write it as 10.0.0.1/32"),
        ("DEVICE_RESOURCES", "/dev/kvm", "'/dev/kvm' is not a pair name=resource"),
    ],
)
def test_a_setting_that_is_none_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"AILTIRE_OPERATOR_{name}", value)
    result = run("render", "shop.yaml")
    assert result.code == Exit.TROUBLE
    assert result.err.startswith(f"error: AILTIRE_OPERATOR_{name}: {sentence}\n")
