"""A copy of the project whose locks name the files of a made-up registry, installed as Makefile and Dockerfile say."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from install.index import Index, digest
from lab import registry
from lab.paths import ROOT
from lab.report import say
from support.checks.locks import FILES

_PIN = Path(__file__).with_name("old-pip.txt")
_VERSIONS = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


class Project:
    """The copy. What it is installed with is the pip of Debian 12, and the registry is the made-up one."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self._index = index
        folder.mkdir()
        for name in ("Makefile", "Dockerfile", "pyproject.toml", "LICENSE", *FILES):
            shutil.copyfile(ROOT / name, folder / name)
        shutil.copytree(ROOT / "operator", folder / "operator", ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            self.edit(name, lambda text: hashed(text, index))

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        """Change a file of the copy."""
        path = self.folder / name
        path.write_text(change(path.read_text()))

    def make(self) -> subprocess.CompletedProcess[str]:
        """Make the development environment, as every target of the Makefile does first."""
        command = ["make", ".venv/.installed", f"PYTHON={sys.executable}", f"PIP={self._pip('.venv')}"]
        return self._run(command, self.folder, {})

    def pip(self, environment: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the old pip in a virtual environment of this copy."""
        return self._run([*shlex.split(self._pip(environment)), *arguments], self.folder, {})

    def tools(self) -> str:
        """Make a virtual environment with nothing in it, as a new image has one, and return its folder."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder / "tools"], check=True)
        return "tools"

    def build_image(self) -> subprocess.CompletedProcess[str]:
        """Do what the first stage of the Dockerfile does, in folders of this copy."""
        tools = self.folder / self.tools()
        pip = tools / "bin" / "pip"
        pip.write_text(f'#!/bin/sh\nexec {self._pip(tools)} "$@"\n')
        pip.chmod(0o755)
        context = self.folder / "src"
        context.mkdir()
        path = f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return self._run(["sh", "-exc", self._steps(context)], context, {"PATH": path})

    @staticmethod
    def _pip(environment: str | Path) -> str:
        return f"env PYTHONPATH={registry.brought(_PIN, say)} {environment}/bin/python -m pip"

    def _steps(self, context: Path) -> str:
        """Return the first stage of the Dockerfile as a shell script, its folders moved into the copy."""
        stage = re.split(r"^FROM ", (self.folder / "Dockerfile").read_text(), flags=re.MULTILINE)[1]
        lines = [line for line in stage.splitlines()[1:] if not line.startswith("#")]
        steps = "\n".join(lines).replace("\\\n", " ").splitlines()
        script = "\n".join(_step(step, self.folder, context) for step in steps if step.strip())
        return re.sub(r"/(wheels|opt/ailtire)\b", lambda found: str(self.folder / found[1]), script)

    def _run(self, command: list[str], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        alone = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "MFLAGS"))}
        ours = {
            "PIP_INDEX_URL": f"{self._index.url}/simple",
            "PIP_CONFIG_FILE": os.devnull,
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(self.folder / "home" / "cache"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):
            alone.pop(name, None)
        self._index.asked.clear()
        return subprocess.run(
            command, cwd=cwd, env={**alone, **ours, **env}, capture_output=True, text=True, check=False, timeout=240
        )


def hashed(lock: str, index: Index) -> str:
    """Return a lock as it stands, but for the hashes, which are those of the made-up registry's files."""

    def entry(found: re.Match[str]) -> str:
        wanted = [file for file in index.files_of(found["name"]) if f"-{found['version']}" in file.name]
        hashes = [f"    --hash=sha256:{digest(file)}" for file in wanted]
        return " \\\n".join([found["head"], *hashes]) + "\n"

    pattern = r"^(?P<head>(?P<name>[a-z0-9.-]+)(\[\S+\])?==(?P<version>[^\s;]+)[^\\\n]*?) \\\n(    --hash=.*\n?)+"
    return re.sub(pattern, entry, lock, flags=re.MULTILINE)


def versions(environment: Path) -> dict[str, str]:
    """Return what is installed in a virtual environment, by name."""
    asked = [str(environment / "bin" / "python"), "-I", "-c", _VERSIONS]
    found: dict[str, str] = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    return found


def _step(step: str, folder: Path, context: Path) -> str:
    """Return one instruction of the Dockerfile as shell; an instruction that is not known here is an error."""
    word, _, rest = step.partition(" ")
    match word:
        case "WORKDIR":
            return f"cd {context}"
        case "RUN":
            return rest.strip()
        case "ARG":
            return f"export {rest}" if "=" in rest else ":"  # one without a default is not set
        case "COPY":
            *sources, target = rest.split()
            return f"cp -r {' '.join(shlex.quote(str(folder / source)) for source in sources)} {target}"
    raise LookupError(f"the Dockerfile's first stage has an instruction that this test does not know: {step}")
