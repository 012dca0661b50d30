"""kstatus, by which Flux and Helm wait, on a stack in every state."""

import subprocess

from lab import binaries
from support import argocd_files
from support.stack_states import states


def test_kstatus_makes_of_each_state_what_is_said_of_it() -> None:
    files = sorted(argocd_files.SCRIPTS.glob("testdata/*.yaml"))
    command = [str(binaries.path("kstatus")), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = dict(line.split("\t")[:2] for line in done.stdout.splitlines())
    assert found == {f"{state.name}.yaml": state.kstatus for state in states()}
