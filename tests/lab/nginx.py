"""nginx, which the tests of the gateways ask: the one that is here, or Debian's, installed where that is ours to do."""

import os
import shutil
import subprocess

from lab.errors import LabError
from lab.report import Say, say, step

_PACKAGES = ("nginx-light", "libnginx-mod-stream")


def ensure(tell: Say = say) -> None:
    """Make sure that there is one. Raises LabError where we can do nothing about it."""
    if shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise LabError(
            f"the tests want nginx, which is not here; on Debian, as root: apt-get install {' '.join(_PACKAGES)}"
        )
    with step(tell, f"installing {' and '.join(_PACKAGES)}"):
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", *_PACKAGES)


def _apt_get(*arguments: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"apt-get {arguments[0]}: {done.stderr.strip()}")
