"""`make nginx`: an nginx that the gateways' tests can use is left as it is, and no other one passes."""

import os
import subprocess
from pathlib import Path

import pytest

from lab.paths import ROOT

DYNAMIC, BUILT_IN = "--with-stream=dynamic --with-stream_ssl_module", "--with-http_v2_module --with-stream"


def make_nginx(folder: Path, options: str, *, module: bool, user: int) -> "subprocess.CompletedProcess[str]":
    """Run it with an nginx that was built with these options, for a user of that number."""
    programs = {
        "nginx": f"echo 'configure arguments: {options}' >&2",
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >> {folder}/installed',
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    file = folder / "ngx_stream_module.so"
    if module:
        file.touch()
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
    command = ["make", "--no-print-directory", "nginx", f"NGINX_STREAM={file}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("options", "module"), [(DYNAMIC, True), (BUILT_IN, False)])
def test_one_with_its_stream_module_is_enough(tmp_path: Path, options: str, module: bool) -> None:
    done = make_nginx(tmp_path, options, module=module, user=1000)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_one_without_it_is_not(tmp_path: Path) -> None:
    done = make_nginx(tmp_path, DYNAMIC, module=False, user=1000)
    assert done.returncode != 0
    assert "apt-get install nginx-light libnginx-mod-stream" in done.stderr


def test_root_gets_it(tmp_path: Path) -> None:
    done = make_nginx(tmp_path, DYNAMIC, module=False, user=0)
    assert done.returncode == 0, done.stderr
    assert "libnginx-mod-stream" in (tmp_path / "installed").read_text()
