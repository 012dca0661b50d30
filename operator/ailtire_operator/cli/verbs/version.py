"""``version``: what to name in a report of a problem, the operator's as well."""

import platform
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ailtire_operator import __version__, naming
from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.options import DataFormat

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "Print the versions of this program, its API and the cluster's operator.",
    "The operator's version is the tag of the image that its Deployment runs (label app.kubernetes.io/name"
    f" {naming.OPERATOR_NAME}, in any namespace, or in {naming.OPERATOR_NAMESPACE} for who may not look into all)."
    " Where the two differ, that is said on standard error: diff and render show what this program's version would do.",
    examples=[
        ("for people", "kubectl ailtire version"),
        ("for programs", "kubectl ailtire version -o json"),
        ("without asking a cluster", "kubectl ailtire version --client"),
    ],
)  # fmt: skip
_SECONDS: Final = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version", help=_HELP)(_version)


def _version(
    context: typer.Context,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    client: Annotated[bool, typer.Option("--client", help="Only this program's.")] = False,
    form: Annotated[DataFormat | None, typer.Option("--output", "-o", help="Format of the output.")] = None,
) -> None:
    facts: dict[str, Any] = {
        "version": __version__,
        "apiVersion": naming.API_VERSION,
        "python": platform.python_version(),
    }
    target = options.target(context, None, cluster, kubeconfig)
    image, unknown = ("", "") if client else _asked(target)
    operator = image.partition("@")[0].rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
    if not client:
        facts["operator"] = {"version": operator or None, "image": image or None}
    if form is DataFormat.JSON:
        output.data(output.to_json(facts))
    elif form is DataFormat.YAML:
        output.data(output.to_yaml(facts))
    else:
        output.data(f"kubectl-ailtire {__version__} ({naming.API_VERSION}, Python {facts['python']})")
        if image:
            output.data(f"{naming.OPERATOR_NAME} {operator or '(its image has no tag)'} ({image})")
    if unknown:
        output.say(f"note: the operator's version is not known: {unknown}")
    elif operator and operator != __version__:
        output.say(f"note: this program is {__version__} and the operator {operator}; use the same version of both")


def _asked(target: options.Target) -> tuple[str, str]:
    """The image that the operator's Deployment runs; or an empty text, and why."""
    from ailtire_operator.cli import live

    try:
        return live.run(target, _image)
    except Failure as error:
        return "", str(error)


async def _image(cluster: "Live") -> tuple[str, str]:
    import asyncio

    try:
        found = await asyncio.wait_for(_deployments(cluster), _SECONDS)
    except TimeoutError:
        return "", f"the cluster did not answer within {_SECONDS:g} s"
    if not found:
        return "", "there is no Deployment of it in the cluster"
    containers = found[0]["spec"]["template"]["spec"]["containers"]
    return str(containers[0].get("image", "")), ""


async def _deployments(cluster: "Live") -> list[dict[str, Any]]:
    """The operator's, wherever it is; of its usual namespace for who may not look into all."""
    from ailtire_operator.cluster.errors import Denied
    from ailtire_operator.cluster.kinds import DEPLOYMENT

    params = {"labelSelector": f"{naming.LABEL_NAME}={naming.OPERATOR_NAME}"}
    for namespace in (None, naming.OPERATOR_NAMESPACE):
        try:
            answer = await cluster.connection.request("GET", DEPLOYMENT.path(namespace), params=params)
        except Denied:
            if namespace:
                raise
            continue
        if items := answer.get("items"):
            return list(items)
    return []
