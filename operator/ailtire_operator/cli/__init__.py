"""``kubectl ailtire``: the same models, plan and translation as the operator's, for a person at a terminal or in CI.

::

    app        the command line; main's error handling
    verbs/     one file per command: options, then calls of what follows, then output
    pure       definitions, rendering, trees, waiting, differences, report
    I/O        sources (files), output (streams), live (the cluster), completers (TAB)
"""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """The executable ``kubectl-ailtire``, which kubectl runs for ``kubectl ailtire``."""
    try:
        # Not at the top: Ctrl-C may come while Python still reads the program.
        from ailtire_operator.cli.app import run

        code = run()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def complete() -> NoReturn:
    """The executable ``kubectl_complete-ailtire``, which kubectl asks for what may follow ``kubectl ailtire``."""
    from ailtire_operator.cli.shell import answer_kubectl

    answer_kubectl()
    main()
