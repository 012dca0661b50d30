"""The commands as a user types them, without a cluster: output, streams, exit codes."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ailtire_operator.cli import app, manual, shell
from ailtire_operator.cli.failures import Exit
from lab.paths import ROOT

SHOP = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop, namespace: elsewhere}
spec:
  services:
    web: {image: "web:1", interface: {/web: {path: /}}, stopSignal: SIGINT}
    orders:
      type: stack
      interface: {/orders: {path: /}}
      stack: {services: {api: {image: "api:1", interface: {/v1: {path: /}}}, db: {image: "db:1"}}}
    pay: {type: stack, stackRef: {name: payment}}
"""
PAYMENT = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: payment, namespace: elsewhere}
spec: {template: true, services: {api: {image: "pay:1"}}}
"""
SERVICES = """
module.exports = {
  services: {
    web: {
      image: "web",
      interface: { "/web": { path: "/", port: 3000 } },
      volumes: ["/var/run/docker.sock:/var/run/docker.sock"],
    },
    lost: { type: "stack", image: "nobody" },
  },
};
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [each for each in yaml.safe_load_all(self.out) if each]


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-cluster"))
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "payment.yaml").write_text(PAYMENT)
    (tmp_path / "services.js").write_text(SERVICES)

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = app.run(arguments)
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Result(code, told.out, told.err)

    return run


def test_without_arguments_it_explains_itself(run: Run) -> None:
    result = run()
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: kubectl ailtire ")
    assert "Exit codes:" in result.out


def test_version(run: Run) -> None:
    assert re.match(r"kubectl-ailtire \d+\.\d+\.\d+ \(ailtire.io/v1alpha1", run("version").out)
    assert json.loads(run("version", "-o", "json").out)["apiVersion"] == "ailtire.io/v1alpha1"
    assert run("version", "-o", "yaml").documents[0]["apiVersion"] == "ailtire.io/v1alpha1"


def test_validate_says_what_is_right(run: Run) -> None:
    result = run("validate", "shop.yaml", "payment.yaml")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "shop.yaml: stack shop is valid (3 stacks, 4 services)",
        "payment.yaml: template payment is valid (1 stack, 1 service)",
    ]


def test_validate_says_what_is_wrong_where(run: Run) -> None:
    result = run("validate", "-", stdin=SHOP.replace('db: {image: "db:1"}', "data_base: {imag: x}"))
    assert (result.code, result.out) == (Exit.NO, "")
    assert "error: standard input:2: AiltireStack shop: spec.services.orders.stack.services.data_base" in result.err


def test_validate_finds_what_only_the_plan_refuses(run: Run) -> None:
    mounts = "volumes: {one: {target: /x}, two: {target: /x}}"
    result = run("validate", "-", stdin=SHOP.replace('db: {image: "db:1"}', f'db: {{image: "db:1", {mounts}}}'))
    assert result.code == Exit.NO
    assert "AiltireStack shop: shop-orders: spec.services.db.volumes.two" in result.err


def test_validate_notes_a_template_that_is_not_there(run: Run) -> None:
    result = run("validate", "shop.yaml")
    assert result.code == Exit.DONE
    assert "note: shop.yaml:2: AiltireStack shop: spec.services.pay.stackRef.name: the template 'payment'" in result.err


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
    assert not any("namespace" in each["metadata"] for each in result.documents)


def test_render_names_what_it_leaves_out(run: Run) -> None:
    comment = "".join(
        line for line in run("render", "shop.yaml", "payment.yaml").out.splitlines(True) if line[0] == "#"
    )
    for part in ("owner references", "EndpointSlices of the Services z-", "the namespace", "2 child ailtirestacks"):
        assert part in comment


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
        ("LEADER_ELECTION", "maybe", "must be true or false"),
        ("NAMESERVERS", "10.0.0.1,dns.example", "'dns.example' is no IP address"),
        ("EDGE_SOURCES", "everywhere", "'everywhere' is no range of addresses, such as 10.0.0.0/8"),
        ("EDGE_SOURCES", "10.0.0.1", "'10.0.0.1' is one address; as a range it is 10.0.0.1/32"),
        ("DEVICE_RESOURCES", "/dev/kvm", "'/dev/kvm' is no pair of a name and a resource: name=resource"),
    ],
)
def test_a_setting_that_is_none_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"AILTIRE_OPERATOR_{name}", value)
    result = run("render", "shop.yaml")
    assert result.code == Exit.TROUBLE
    assert result.err.startswith(f"error: AILTIRE_OPERATOR_{name}: {sentence}\n")


def test_import_gives_stacks_and_a_report(run: Run) -> None:
    result = run("import", "services.js", "--name", "shop", "-n", "prod", "--registry", "registry.example/x")
    assert result.code == Exit.DONE
    (stack,) = result.documents
    assert stack["metadata"] == {"name": "shop", "namespace": "prod"}
    assert stack["spec"]["imageRegistry"] == "registry.example/x"
    assert "Docker socket" in result.err
    assert "imported 1 stacks with 1 services" in result.err


def test_import_pipes_into_validate_and_render(run: Run) -> None:
    stacks = run("import", "services.js", "--name", "shop", "--report", "none")
    assert stacks.err == ""
    assert run("validate", "-", stdin=stacks.out).code == Exit.DONE
    assert run("render", "-", stdin=stacks.out).code == Exit.DONE


def test_import_reports_as_data(run: Run) -> None:
    report = json.loads(run("import", "services.js", "--report", "json").err)
    assert (report["stacks"], report["services"]) == (1, 1)
    assert json.loads(run("import", "services.js", "-o", "json").out)["kind"] == "AiltireStack"


def test_import_of_what_is_no_application_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.js").write_text("module.exports = require('fs').readFileSync('/etc/passwd');")
    (tmp_path / "empty").mkdir()
    for path in ("evil.js", "empty", "nothing"):
        result = run("import", path)
        assert (result.code, result.out) == (Exit.NO, "")
        assert result.err.startswith("error: ")


def test_strict_import_writes_nothing_where_something_is_left_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.js").write_text("module.exports = {services: {a: {image: 'x'}, b: {image: 5}}};")
    loose, strict = run("import", "bad.js", "--name", "a"), run("import", "bad.js", "--name", "a", "--strict")
    assert "rejected" in loose.err
    assert (loose.code, strict.code, strict.out) == (Exit.DONE, Exit.NO, "")


def test_export_writes_a_file_for_each_stack(run: Run, tmp_path: Path) -> None:
    result = run("export", "-f", "shop.yaml", "-f", "payment.yaml", "-o", "swarm")
    assert (result.code, result.out) == (0, "")
    gateways = ["shop-orders.stack-gateway.conf", "shop.stack-gateway.conf"]
    files = sorted(["deploy.sh", "shop-orders.yaml", "shop-pay.yaml", "shop.yaml", *gateways])
    assert "wrote 6 of 6 files to swarm" in result.err
    assert sorted(each.name for each in (tmp_path / "swarm").iterdir()) == files
    assert "wrote 0 of 6" in run("export", "-f", "shop.yaml", "-f", "payment.yaml", "-o", "swarm").err
    order = [line.split()[-1] for line in result.err.splitlines() if "docker stack deploy" in line]
    assert order == ["shop", "shop-orders", "shop-pay"]
    assert result.err.endswith("docker stack rm shop-pay shop-orders shop\n")


def test_the_script_deploys_in_order_and_hands_options_on(run: Run, tmp_path: Path) -> None:
    run("export", "-f", "shop.yaml", "-f", "payment.yaml", "-o", "swarm")
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "$@"\n')
    docker.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    script = [str(tmp_path / "swarm" / "deploy.sh"), "--resolve-image", "never"]
    told = subprocess.run(script, env={"PATH": path}, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [
        f"stack deploy --prune --with-registry-auth --resolve-image never -c {name}.yaml {name}"
        for name in ("shop", "shop-orders", "shop-pay")
    ]


def test_export_writes_one_file_for_all_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    result = run("export", "-f", "shop.yaml", "-f", "payment.yaml", "--single", "-o", "swarm")
    assert result.code == Exit.DONE
    assert sorted(each.name for each in (tmp_path / "swarm").iterdir()) == [
        "deploy.sh",
        "shop.orders-stack-gateway.conf",
        "shop.stack-gateway.conf",
        "shop.yaml",
    ]
    refused = run("export", "-f", "shop.yaml", "-f", "payment.yaml", "--single", "--profile", "ailtire")
    assert (refused.code, refused.out) == (Exit.TROUBLE, "")
    assert "for the profile swarm" in refused.err


def test_strict_export_writes_nothing_where_something_is_not_exact(run: Run, tmp_path: Path) -> None:
    head = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack"}
    exact = {"services": {"web": {"image": "web"}}}
    for spec, code in ((exact, Exit.DONE), ({**exact, "securityProfile": "baseline"}, Exit.NO)):
        (tmp_path / "one.json").write_text(json.dumps({**head, "metadata": {"name": "one"}, "spec": spec}))
        result = run("export", "-f", "one.json", "--strict", "-o", str(code), "--report", "json")
        assert (result.code, (tmp_path / str(code)).exists()) == (code, code == Exit.DONE)


def test_export_prints_documents_that_say_whose_they_are(run: Run) -> None:
    result = run("export", "-f", "shop.yaml", "-f", "payment.yaml", "--profile", "ailtire", "--report", "none")
    assert [line for line in result.out.splitlines() if line.startswith("# ")] == [
        "# shop.yaml",
        "# shop-orders.yaml",
        "# shop-pay.yaml",
    ]
    assert len(result.documents) == 3


def test_export_needs_a_name_or_files(run: Run) -> None:
    for arguments in (("export",), ("export", "shop", "-f", "shop.yaml")):
        assert run(*arguments).code == Exit.TROUBLE


def test_export_does_not_write_where_it_cannot(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    result = run("export", "-f", "shop.yaml", "-o", "taken")
    assert (result.code, result.err.startswith("error:")) == (Exit.TROUBLE, False)
    assert "error: cannot write to taken" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tre"], "No such command 'tre'. Did you mean 'tree'?"),
        (["tree"], "Missing argument 'NAME'"),
        (["tree", "shop", "-o", "xml"], "'xml' is not one of 'wide', 'json', 'yaml'."),
        (["render", "shop.yaml", "--frobnicate"], "No such option: --frobnicate"),
        (["render", "nothing.yaml"], "there is no file or folder nothing.yaml"),
        (["wait", "shop", "--timeout", "soon"], "--timeout: 'soon' is not a duration"),
        (["tree", "shop"], "no usable configuration for the cluster"),
        (["diff", "shop.yaml"], "no usable configuration for the cluster"),
        (["wait", "shop"], "no usable configuration for the cluster"),
        (["export", "shop"], "no usable configuration for the cluster"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_trouble_is_a_plain_sentence(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert message in result.err
    assert result.err.startswith("error: ")


def test_a_fault_of_the_program_is_told_as_such(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("ailtire_operator.cli.sources.read", broken)
    result = run("validate", "shop.yaml")
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "error: internal error: KeyError: 'x'" in result.err
    with pytest.raises(KeyError):
        app.run(["--debug", "validate", "shop.yaml"])


def test_interruption_ends_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ailtire_operator.cli.sources.read", interrupted)
    assert run("validate", "shop.yaml") == Result(Exit.INTERRUPTED, "", "")


def test_a_closed_pipe_ends_quietly(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from ailtire_operator.cli import main; main()", "render", "shop.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr.startswith(b"note: shop: the stack 'pay' is left out")
    assert len(done.stderr.splitlines()) == 1


def test_completion_of_commands_and_options(run: Run) -> None:
    assert "tree\t" in shell.kubectl_completions(["tr"])
    assert shell.kubectl_completions(["tree", "--na"]).splitlines() == ["--namespace\tThe namespace.", ":4"]
    assert shell.kubectl_completions(["tree", ""]) == ":0\n", "no cluster, no names, no noise"
    assert shell.kubectl_completions(["export", "--profile", "s"]).splitlines()[0].startswith("swarm")


def test_completion_of_contexts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "no-cluster").write_text("contexts: [{name: kind-a}, {name: prod}]")
    assert shell.kubectl_completions(["tree", "--context", "k"]).splitlines() == ["kind-a", ":4"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_executable(run: Run, name: str) -> None:
    result = run("completion", name)
    assert result.code == Exit.DONE
    assert "kubectl-ailtire" in result.out
    assert shell.VARIABLE in result.out


def test_kubectl_asks_through_a_shim(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    script = run("completion", "kubectl").out
    variable, _, value = script.splitlines()[1].partition(" ")[0].partition("=")
    monkeypatch.setenv(variable, value)
    assert run("tree", "--na").out == "--namespace\tThe namespace.\n:4\n"


def test_the_manual_is_current() -> None:
    said = (ROOT / "docs" / "cli.md").read_text()
    assert said == manual.manual(), "run: python -m ailtire_operator.cli.manual > docs/cli.md"


def command_lines() -> list[str]:
    """Every command line of this program in the help texts."""
    text = manual.manual()
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    parts = [part.strip() for line in lines if not line.startswith("#") for part in re.split(r"[|>]|<\(|\)", line)]
    return sorted({part for part in parts if part.startswith("kubectl ailtire ")})


@pytest.mark.parametrize("line", command_lines())
def test_every_example_is_understood(line: str) -> None:
    group: Any = typer.main.get_command(app.build())
    _, _, name, *arguments = shlex.split(line)
    command = group.commands[name]
    command.make_context(name, arguments, parent=typer.Context(group, info_name="kubectl ailtire"))
