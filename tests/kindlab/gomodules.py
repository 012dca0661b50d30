"""Files that Go modules bring along: kind's node files, the definitions of the Gateway API."""

import json
from pathlib import Path

from lab import commands, toolchain
from lab.report import say
from lab.versions import GOBUILD, go_needed


def folder_of(wrapper: str, module: str) -> Path:
    """Return where Go keeps the files of a module, in the version that a wrapper module in gobuild/ requires."""
    go = toolchain.go(go_needed(wrapper), say)
    asking = [go, "mod", "download", "-json", module]
    told = commands.output(asking, timeout=600, cwd=GOBUILD / wrapper, env=toolchain.environment())
    return Path(json.loads(told)["Dir"])
