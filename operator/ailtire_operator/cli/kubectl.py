"""kubectl, which does what takes a connection in both directions: found on the PATH, handed the same cluster."""

import os
import signal
from collections.abc import Sequence
from typing import Final, NoReturn

from ailtire_operator.cli import output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.options import Target

_PROGRAM: Final = "kubectl"


def command(verb: str, target: Target, namespace: str, arguments: Sequence[str]) -> list[str]:
    """The words of a command line for the cluster, the identity and the namespace that this program works with."""
    given = {"--kubeconfig": target.kubeconfig, "--context": target.context, "--namespace": namespace}
    return [_PROGRAM, verb, *(f"{name}={value}" for name, value in given.items() if value), *arguments]


def become(words: list[str]) -> NoReturn:
    """Run kubectl in place of this program: terminal, signals and exit code are its own. Raises Failure without one.

    A child would have to pass on each signal, and its exit code where a signal ended it.
    """
    output.flush()
    # Python ignores it, and what takes the place of a process goes on ignoring what that one has ignored.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        raise missing(words[1], error) from None


def missing(verb: str, error: OSError) -> Failure:
    """What is said where kubectl cannot be run."""
    return Failure(f"cannot run {_PROGRAM}: {error.strerror}", f"{verb} needs {_PROGRAM} on the PATH.")
