"""``set``: an image or variables, written where the definition is."""

from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import completers, options
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.definition_edits import Edit

_WHERE = (
    "It is written where the definition is: that of an inline child stack stands in its root, that of a child with"
    " stackRef in the template, which is shared by all that refer to it. It is written in the name of whoever applies"
    " the definition, so that their next apply takes it back; until then 'kubectl ailtire diff' shows it. Both are said"
    " on standard error, as are Flux, Argo CD and Helm, which bring their own definition back."
)
_CODES = (
    "\b\nExit codes:\n  0  changed, or already so; with --wait: and ready\n  1  the definition would be invalid\n"
    "  2  refused, no cluster, no permission\n  3  --wait: it cannot become ready as it is\n"
    "  4  --wait: the time is up\n  5  there is no such stack or service\n"
    "  6  --wait: an update has failed and was rolled back\n  7  --wait: a stack is suspended, so nothing is changed"
)
_IMAGE_HELP = help_text(
    "Change the image of services.",
    _WHERE,
    "Where spec.images of the stack or of one above it overrides the image, what is written here would have no effect:"
    " that is refused, with the place of the override. --dry-run shows the difference and changes nothing.",
    options.WRITTEN_AS_JSON,
    _CODES,
    examples=[
        ("a new version of one service", "kubectl ailtire set image shop/orders/api=orders_api:1.5 -n shop"),
        ("of several, and wait", "kubectl ailtire set image shop/web=web:2 shop/orders/api=api:2 -n shop --wait"),
        ("what would it change?", "kubectl ailtire set image shop/web=web:2 -n shop --dry-run"),
    ],
)  # fmt: skip
_ENV_HELP = help_text(
    "Set or remove variables of a service, or of all services of a stack and below.",
    "NAME=VALUE sets a variable, NAME- removes it, also one whose value is read from a Secret or ConfigMap. Those of a"
    " stack are its env: services and stacks below that set the same variable keep their own value, and are named.",
    _WHERE,
    "AILTIRE_* is refused: the operator sets these variables itself. --dry-run shows the difference and changes"
    " nothing.",
    options.WRITTEN_AS_JSON,
    _CODES,
    examples=[
        ("set one variable, remove another", "kubectl ailtire set env shop/web LOG_LEVEL=debug TRACE- -n shop"),
        ("one for a whole package", "kubectl ailtire set env shop/orders REGION=eu-1 -n shop --wait"),
        ("what would it change?", "kubectl ailtire set env shop/web LOG_LEVEL=debug -n shop --dry-run"),
    ],
)  # fmt: skip

Wishes = Annotated[
    list[str],
    typer.Argument(
        metavar="STACK[/CHILD...]/SERVICE=IMAGE", help="Which service, and its image.", autocompletion=completers.paths
    ),
]
Assignments = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME=VALUE|NAME-...", help="What to set, what to remove.", autocompletion=completers.variables
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command with the two below it."""
    group = typer.Typer(
        help="Change the image or the variables of services, where their definition is written.",
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    group.command("image", help=_IMAGE_HELP)(_image)
    group.command("env", help=_ENV_HELP)(_env)
    app.add_typer(group, name="set")


def _image(
    context: typer.Context,
    wishes: Wishes,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli.edit_actions import EditAction
    from ailtire_operator.cli.edit_command import Way, run
    from ailtire_operator.cli.edit_sender import Wording
    from ailtire_operator.cli.image_edits import plan_images

    target = options.target(context, namespace, cluster, kubeconfig)
    paths = [each.partition("=")[0] for each in wishes]
    way = Way.of(dry_run, wait, timeout, form)
    action = EditAction(paths, lambda stacks, _: plan_images(wishes, stacks), Wording(_new_image))
    run(target, action, way)


def _new_image(edit: "Edit", dry_run: bool) -> str:
    return f"{edit.path} {'would go' if dry_run else 'goes'} from {edit.before} to {edit.after}"


def _env(
    context: typer.Context,
    path: options.Path,
    assignments: Assignments,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli.edit_actions import EditAction
    from ailtire_operator.cli.edit_command import Way, run
    from ailtire_operator.cli.edit_sender import Wording
    from ailtire_operator.cli.variable_edits import parsed, plan_variables

    parsed(assignments)  # what is wrong with them needs no cluster
    target = options.target(context, namespace, cluster, kubeconfig)
    way = Way.of(dry_run, wait, timeout, form)
    wording = Wording(_new_variable, hides_values=True)
    run(target, EditAction([path], lambda stacks, _: plan_variables(path, assignments, stacks), wording), way)


def _new_variable(edit: "Edit", dry_run: bool) -> str:
    """Without the value, which may be a password."""
    done = "removed" if edit.after is None else "set" if edit.before is None else "changed"
    return f"{edit.path}: {edit.field[-1]} {'would be' if dry_run else 'is'} {done}"
