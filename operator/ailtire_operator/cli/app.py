"""The command line: its verbs, the options before them, and how a run ends."""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from ailtire_operator import __version__
from ailtire_operator.cli import options, output, shell
from ailtire_operator.cli.failures import Exit, Failure, Invalid

PROGRAM: Final = "kubectl ailtire"
VERBS: Final = (
    "build",
    "import",
    "validate",
    "render",
    "diff",
    "tree",
    "ui",
    "notices",
    "wait",
    "logs",
    "events",
    "exec",
    "port-forward",
    "why",
    "open",
    "reach",
    "scale",
    "set",
    "restart",
    "stop",
    "start",
    "history",
    "rollback",
    "export",
    "kustomizeconfig",
    "schema",
    "completion",
    "version",
)
"""The commands, in the order of the help text; each has a module of its name."""
_RESERVED: Final = frozenset({"exec", "import", "open", "set"})
"""Names that mean something to Python: their modules end in an underscore. One for a hyphen stands in all of them."""

_PYDANTIC_LEAD: Final = ": Value error, "
"""What typer leaves in its messages."""
_HELP = f"""Work with applications that are trees of AiltireStacks.

The images of an application are made by build. Its definition comes in by import (or is written by hand), is checked
by validate, looked at by render and diff, applied by kubectl itself, watched by wait, tree and ui, explained by
notices, reach and why, read by logs and events, looked into by exec and port-forward, opened by open, changed by
scale, set, restart, stop and start, taken back by rollback to one of the definitions that history lists, and leaves
for Docker Swarm by export. Editors learn from schema what may be written, and kustomize from kustomizeconfig where
names stand.

\b
Exit codes:
  0    done; valid; no difference; ready
  1    the answer is no: something is invalid (validate, render, import, export, and all that change),
       different (diff), or not there (open: no URL; reach: not reachable)
  2    it could not be done: usage, an unreadable file, no cluster, no permission (diff: also anything invalid)
  3    wait; open --wait and all that change, with --wait: it cannot become ready as it is
  4    wait; open --wait and all that change, with --wait: the time is up
  5    there is no such stack (or, on a path, no such child or service)
  6    wait; open --wait and all that change, with --wait: an update has failed and was rolled back
  7    wait; open --wait and all that change, with --wait: it is suspended or stopped, or a stack below
  130  interrupted by Ctrl-C

'{PROGRAM} COMMAND --help' says more about each command.
"""


def build(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The application with these commands: the others need not be imported to run one."""
    app = typer.Typer(
        name="kubectl-ailtire",
        help=_HELP,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )
    app.callback()(_before)
    for verb in verbs:
        name = f"{verb.replace('-', '_')}{'_' if verb in _RESERVED else ''}"
        module = import_module(f"ailtire_operator.cli.verbs.{name}")
        module.register(app)
    return app


def asked_for(arguments: Sequence[str]) -> Sequence[str]:
    """The commands that the arguments may mean, as a value may have a command's name; all for help about all."""
    first = next((number for number, each in enumerate(arguments) if each in VERBS), None)
    if first is None or {"-h", "--help"} & set(arguments[:first]):
        return VERBS
    return [verb for verb in VERBS if verb in arguments]


def _version(asked: bool) -> None:
    if asked:
        output.data(f"kubectl-ailtire {__version__}")
        raise typer.Exit


def _before(
    context: typer.Context,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print this program's version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback where a command fails.")] = False,
) -> None:
    context.obj = options.Target(namespace, cluster, kubeconfig)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing that can go wrong reaches the user as a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        if shell.asked_by_kubectl():
            output.data(shell.kubectl_completions(sys.argv[1:] if arguments is None else arguments))
            return Exit.DONE
        code = _invoke(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough; Python's own flush at exit must not complain.
        # The code is that of typer and rich where they are the first to notice.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Failure as failure:
        _print_failure(failure)
        return failure.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        if "--debug" in given:
            raise
        output.say(f"error: internal error: {type(error).__name__}: {error}")
        output.say(f"This is a fault of this program; '{PROGRAM} --debug ...' shows where it is.")
        return Exit.TROUBLE


def _invoke(arguments: list[str]) -> int:
    from ailtire_operator.cluster.errors import ClusterError

    if shell.VARIABLE in os.environ:
        shell.prepare()
    command = typer.main.get_command(build(VERBS if shell.VARIABLE in os.environ else asked_for(arguments)))
    try:
        answer = command.main(arguments, prog_name=PROGRAM, complete_var=shell.VARIABLE, standalone_mode=False)
        return answer if isinstance(answer, int) else Exit.DONE
    except typer.Abort:
        return Exit.INTERRUPTED
    except typer.TyperException as error:
        raise Failure(error.format_message().replace(_PYDANTIC_LEAD, ": "), _usage_hint(error)) from None
    except ClusterError as error:
        raise Failure(str(error)) from None


def _usage_hint(error: typer.TyperException) -> str:
    where = getattr(error, "ctx", None)
    return f"See '{where.command_path if where else PROGRAM} --help'."


def _print_failure(failure: Failure) -> None:
    for line in failure.lines if isinstance(failure, Invalid) else ():
        output.say(f"error: {line}")
    if not isinstance(failure, Invalid):
        output.say(f"error: {failure}")
    if failure.hint:
        output.say(failure.hint)
