"""Writes the deployment commands, and deploy.sh.

The script runs with its user's rights. So all words of a definition are quoted, and comments have no line breaks from
it.
"""

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

_DEPLOY: Final = "docker stack deploy --prune --with-registry-auth"


def commands(stacks: Iterable[str]) -> list[str]:
    """The commands that deploy the stacks: parents first, as they create the networks of their children's gateways."""
    return [f"{_DEPLOY} -c {_file(stack)} {shlex.quote(stack)}" for stack in stacks]


def removal(stacks: Iterable[str]) -> str:
    """The command that removes them, children first."""
    return f"docker stack rm {' '.join(map(shlex.quote, reversed(list(stacks))))}"


def script(stacks: Sequence[str], needed: Sequence[str]) -> str:
    """The script. Its options are passed to every ``docker stack deploy``."""
    lines = [
        "#!/bin/sh",
        "# Deploys this tree of stacks; written by `kubectl ailtire export`. Options are handed on to",
        "# `docker stack deploy`. Parents come first: they make the networks by which their children are reached.",
    ]
    if needed:
        lines += ["#", "# What has to be there before:", *_comment(needed)]
    lines += ["#", "# To remove all of it:", *_comment([removal(stacks)]), "set -eu", 'cd "$(dirname "$0")"']
    lines += [f'{_DEPLOY} "$@" -c {_file(stack)} {shlex.quote(stack)}' for stack in stacks]
    return "\n".join(lines) + "\n"


def _comment(commands: Iterable[str]) -> list[str]:
    return [f"#   {line}" for command in commands for line in command.splitlines()]


def _file(stack: str) -> str:
    return shlex.quote(f"{stack}.yaml")
