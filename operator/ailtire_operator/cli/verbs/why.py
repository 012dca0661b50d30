"""``why``: which change replaced the pods of a service, a stack or a tree, and what else has happened to them."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.why_view import Entry
    from ailtire_operator.cluster.kinds import Kind

_HELP = help_text(
    "Show which change replaced the pods of a service, a stack or a tree.",
    "A block for each rollout and each pod, the newest first: the fields that differ between the pod template before"
    " and the one since, the generation of the root that asked for it, and who had last changed the root. Pods that"
    " no rollout has made (evicted, with their node gone, deleted) and containers that have started again are listed"
    " with what Kubernetes says of it. Values that look like credentials are not shown.",
    "A stack's status remembers its last ten rollouts. Of the last one of each workload the fields are also read from"
    " the ReplicaSets and ControllerRevisions that Kubernetes keeps. Pods of Deployments are known to be of no rollout"
    " when the last one was complete before they were made; those of StatefulSets and DaemonSets ten minutes later.",
    "It needs the right to get and list ailtirestacks, and to list pods, replicasets, controllerrevisions, deployments"
    " and events; what may not be listed is left out, and named.",
    "\b\nExit codes:\n  0  done\n  2  no cluster, no permission to read the stack\n"
    "  5  there is no such stack or service",
    examples=[
        ("one service", "kubectl ailtire why shop/orders/api -n shop"),
        ("the whole application, the last five", "kubectl ailtire why shop -n shop --limit 5"),
        ("who changed what, by a program",
         "kubectl ailtire why shop -n shop -o json | jq -r '.[] | select(.type == \"rollout\") | .manager'"),
    ],
)  # fmt: skip
_LIMIT: Final = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why", help=_HELP)(_why)


def _why(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="The newest N blocks; 0 is all.")] = _LIMIT,
    form: Annotated[options.DataFormat | None, typer.Option("--output", "-o", help="As data.")] = None,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.why_view import as_json, text

    target = options.target(context, namespace, cluster, kubeconfig)

    async def work(opened: "Live") -> None:
        found, missing = await _read(opened, path)
        shown = found[:limit] if limit else found
        if form is not None:
            data = as_json(shown)
            output.data(output.to_json(data) if form is options.DataFormat.JSON else output.to_yaml(data))
        else:
            output.rows(text(shown, opened.now()))
        if not found:
            output.say(f"{path}: no rollout is known, and no pod that was replaced")
        if len(shown) < len(found):
            output.say(f"{len(found) - len(shown)} older ones are left out; --limit 0 shows them")
        if missing:
            output.say(f"note: the answer is not complete, as you may not list {', '.join(missing)}")

    live.run(target, work)


async def _read(cluster: "Live", path: str) -> "tuple[list[Entry], list[str]]":
    """What there is to tell, newest first, and what may not be read. Raises Missing."""
    from ailtire_operator import naming
    from ailtire_operator.cli.log_reader import pods_selector
    from ailtire_operator.cli.paths import find, parts, paths
    from ailtire_operator.cli.pod_causes import pod_notes
    from ailtire_operator.cli.rollout_history import kept_templates, rollouts, workloads
    from ailtire_operator.cli.trees import place_of
    from ailtire_operator.cli.wait_conditions import subtree
    from ailtire_operator.cli.why_view import newest_first
    from ailtire_operator.cluster.errors import Denied
    from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, DEPLOYMENT, EVENT, POD, REPLICA_SET

    tree = await cluster.tree(parts(path)[0])
    target = find(path, tree)
    stacks = [target.stack] if target.key else subtree(target.stack, tree)
    selector = pods_selector(place_of(tree[0]).get("root") or tree[0]["metadata"]["name"])
    missing: list[str] = []

    async def listed(kind: "Kind", labels: str = selector) -> list[dict[str, Any]]:
        try:
            return await cluster.list(kind, labels)
        except Denied:
            missing.append(kind.plural)
            return []

    kept = kept_templates([*await listed(REPLICA_SET), *await listed(CONTROLLER_REVISION)])
    pods, deployments, events = await listed(POD), await listed(DEPLOYMENT), await listed(EVENT, "")
    known = paths(tree)
    places = {}
    for stack in stacks:
        name = stack["metadata"]["name"]
        for workload, key in workloads(stack).items():
            if target.key in ("", key):
                places[name, naming.sanitize(key) if key else ""] = (
                    f"{known[name]}/{key}" if key else known[name],
                    workload,
                )
    mine = []
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        place = places.get((labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")))
        if place is not None:
            mine.append((*place, pod))
    notes = pod_notes(mine, kept, deployments, events)
    return newest_first([*rollouts(stacks, known, kept, target.key), *notes]), missing
