"""``tree --watch`` and ``--usage`` against a real API server."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import Audit
from lab.client import environment
from lab.paths import ROOT
from support.checks.commands import INTERRUPTIBLE
from support.kube.trees import Trees, service, tree


@contextmanager
def watching(trees: Trees, *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The watcher and the lines that it has printed so far."""
    command = [*INTERRUPTIBLE, sys.executable, "-c", "from ailtire_operator.cli import main; main()"]
    command += ["tree", "shop", "-n", trees.namespace, "--watch", *options]
    variables = {**environment(trees.plane.kubeconfig), "PYTHONPATH": str(ROOT / "operator")}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        told: list[str] = []

        def read() -> None:
            assert process.stdout is not None
            told.extend(iter(process.stdout.readline, ""))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield process, told
        finally:
            process.kill()
            reader.join(30)


def test_in_a_pipe_whatever_changes_becomes_a_line_without_asking_again(trees: Trees, audit: Audit) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    trees.settle()
    with watching(trees) as (process, told):
        trees.until("the tree", lambda: len(told) >= 7)
        assert [line.split()[1] for line in told[:7]] == [
            "shop", "shop/web", "shop/cpl", "shop/cpl/web", "shop/cpl/dm", "shop/cpl/dm/api", "shop/cpl/dm/db"
        ]  # fmt: skip
        before = len(told)
        trees.apply("shop", {"services": {**tree()["services"], "new": service()}})
        trees.until("a new service", lambda: any("✓ shop/new  1/1" in line for line in told[before:]))
        assert not any("shop/cpl/dm/db" in line for line in told[before:])
        trees.delete(naming.KIND, "shop")
        assert process.wait(120) == Exit.DONE
        assert process.stderr is not None
        assert process.stderr.read() == "note: shop is gone\n"


def test_ctrl_c_ends_it_with_its_own_code(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    trees.until_ready("shop")
    with watching(trees) as (process, told):
        trees.until("the tree", lambda: told)
        process.send_signal(2)
        assert process.wait(120) == Exit.INTERRUPTED
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert os.environ.get("KUBECONFIG") != str(trees.plane.kubeconfig), "the tests leave the caller's alone"


def test_without_a_metrics_server_use_is_missing_and_that_is_said(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    result = cli("tree", "shop", "--usage")
    assert result.code == Exit.DONE
    assert result.err == "note: use is not shown: the cluster has no metrics-server (it serves no metrics.k8s.io)\n"
    assert result.out.splitlines()[1].startswith("✓ shop")
    assert cli("tree", "shop", "--usage", "-o", "json").code == Exit.TROUBLE
    assert cli("tree", "nope", "--watch").code == Exit.MISSING
