"""``import`` and ``export`` as a user types them: output, files, streams, exit codes."""

import json
import os
import subprocess
from pathlib import Path

from ailtire_operator.cli.failures import Exit
from support.checks.commands import Run


def test_import_gives_stacks_and_a_report(run: Run) -> None:
    result = run("import", "services.js", "--name", "shop", "-n", "prod", "--registry", "registry.example/x")
    assert result.code == Exit.DONE
    (stack,) = result.documents
    assert stack["metadata"] == {"name": "shop", "namespace": "prod"}
    assert stack["spec"]["imageRegistry"] == "registry.example/x"
    assert "Docker socket" in result.err
    assert "imported 1 stack with 1 service;" in result.err


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
