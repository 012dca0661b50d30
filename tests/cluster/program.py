"""``kubectl ailtire`` in a process of its own, and users with less than all rights.

Most of a short command's processor time goes into reading the program's modules. So one process reads them once for all
commands of a test session, and each command runs in a fork of it. That the program also starts from nothing is seen by
tests/cluster/test_cli_watch.py, test_readme.py and test_up.py.
"""

import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml

from ailtire_operator import naming
from ailtire_operator.cli import main
from lab import ControlPlane
from lab.client import environment
from lab.paths import ROOT
from support.kube.rights import account, until_may

_SECONDS: Final = 300.0
_ROLES: Final = ("view", "edit", "admin", "ailtire-view")
"""Those that there are, and by which stacks may be listed."""
_FORKS: Final = multiprocessing.get_context("forkserver")
_MODULES: Final = (
    "app",
    "live",
    "wait_polling",
    "preview",
    "scaling",
    "edit_sender",
    "tree_view",
    "verbs.tree",
    "verbs.wait",
)
_FORKS.set_forkserver_preload([f"ailtire_operator.cli.{each}" for each in _MODULES])


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Cli:
    """The program on one control plane, in the test's namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self._namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Result:
        given = {**environment(self._plane.kubeconfig), "PYTHONPATH": str(ROOT / "operator"), **variables}
        done = run(["-n", self._namespace, *arguments], stdin, given)
        assert "Traceback" not in done.err
        assert "internal error" not in done.err, done.err
        return done


def run(arguments: Sequence[str], stdin: str, variables: dict[str, str]) -> Result:
    """Run the program with these arguments, this text on standard input and these environment variables only."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        files[0].write_text(stdin)
        process = _FORKS.Process(target=_main, args=(files, arguments, variables, Path.cwd()))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"kubectl ailtire {' '.join(arguments)}: no end after {_SECONDS:.0f} s")
        code = process.exitcode
        process.close()
        return Result(code, files[1].read_text(), files[2].read_text())


def _main(files: Sequence[Path], arguments: Sequence[str], variables: dict[str, str], folder: Path) -> None:
    """What the fork does: its three streams, its environment, and then what the executable does."""
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0)
    sys.argv = ["kubectl-ailtire", *arguments]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    main()


def kubeconfig_of(role: str, plane: ControlPlane, namespace: str, folder: Path) -> str:
    """The kubeconfig of somebody who has no more than one of Kubernetes' own roles in the namespace."""
    plane.kubectl("create", "serviceaccount", role, "-n", namespace)
    binding = ["create", "rolebinding", role, f"--clusterrole={role}", f"--serviceaccount={namespace}:{role}"]
    plane.kubectl(*binding, "-n", namespace)
    if role in _ROLES:
        until_may(plane, namespace, account(namespace, role), "list", f"{naming.PLURAL}.{naming.GROUP}")
    token = plane.kubectl("create", "token", role, "-n", namespace).strip()
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
    path = folder / f"{role}.kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)
