"""``kubectl ailtire``: the same models, plan and translation as the operator's, for a person at a terminal or in CI.

::

    app        the command line; main's error handling
    verbs/     one file per command: options, then calls of what follows, then output
    pure       definitions, rendering, trees, waiting, differences, report, yamldata
    I/O        sources (files), output (streams), live (the cluster), completers (TAB)
"""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """The executable ``kubectl-ailtire``, which kubectl runs for ``kubectl ailtire``."""
    from ailtire_operator.cli.app import run

    sys.exit(run())


def complete() -> NoReturn:
    """The executable ``kubectl_complete-ailtire``, which kubectl runs when TAB is hit after ``kubectl ailtire``."""
    from ailtire_operator.cli.shell import kubectl_completions

    sys.stdout.write(kubectl_completions(sys.argv[1:]))
    sys.exit(0)
