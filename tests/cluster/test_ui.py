"""``ui`` as a process against a real API server: who is let in, what is told, whose rights it has, how it ends."""

import asyncio
import base64
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane
from lab.client import environment, kubectl
from lab.commands import CommandError
from lab.paths import ROOT
from support.checks.commands import INTERRUPTIBLE
from support.kube.trees import Trees, service, tree
from support.ui.asking import Browser, Events

_SECONDS = 180.0


class Page:
    """The program, its address, and whom it has let in."""

    def __init__(self, process: Process, address: str) -> None:
        self.process = process
        self.address = address
        place, _, self.code = address.partition("/#code=")
        self.browser = Browser(int(place.rpartition(":")[2]))

    async def enter(self) -> Browser:
        answer = await self.browser.ask("POST", "/api/session", json.dumps({"code": self.code}).encode())
        assert answer.status == 204
        self.browser.cookie = answer.header("Set-Cookie").partition(";")[0]
        return self.browser

    async def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code, and what else was printed."""
        self.process.send_signal(number)
        async with asyncio.timeout(_SECONDS):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def ui(plane: ControlPlane, *arguments: str, **variables: str) -> AsyncIterator[Page]:
    code = "from ailtire_operator.cli import main; main()"
    command = [*INTERRUPTIBLE, sys.executable, "-c", code, "ui", "--no-browser", *arguments]
    given = {**environment(plane.kubeconfig), "PYTHONPATH": str(ROOT / "operator"), **variables}
    process = await asyncio.create_subprocess_exec(*command, env=given, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_SECONDS):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("http://127.0.0.1:"), (line, await process.communicate())
        yield Page(process, line.strip())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def until(events: Events, wanted: Any) -> dict[str, dict[str, Any]]:
    """Take events in until the records are as they are wanted."""
    records: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(_SECONDS):
        while True:
            name, data = await events.next()
            assert name in ("snapshot", "change")
            for each in data.get("gone", []):
                del records[each]
            if name == "snapshot":
                records.clear()
            records |= {each["id"]: each for each in data["stacks" if name == "snapshot" else "set"]}
            if wanted(records):
                return records


async def test_the_trees_are_told_as_they_change_until_ctrl_c(trees: Trees) -> None:
    trees.apply("shop", tree())
    await asyncio.to_thread(trees.until_ready, "shop")
    space = trees.namespace
    async with ui(trees.plane, "shop/cpl", "-n", space) as page:
        assert (await (await page.enter()).ask("GET", "/api/about")).json["root"] == f"{space}/shop-cpl"
    async with ui(trees.plane, "shop", "-n", space) as page:
        assert (await page.browser.ask("GET", "/api/about")).status == 401
        browser = await page.enter()
        about = (await browser.ask("GET", "/api/about")).json
        assert about["root"] == f"{space}/shop"
        assert about["namespace"] == space
        assert (about["allowActions"], about["metrics"]) == (False, False)
        assert about["user"]
        assert about["context"] in trees.plane.kubeconfig.read_text()
        async with browser.events(f"/api/tree?root={space}/shop") as events:
            found = await until(events, lambda records: all(each["since"] for each in records.values()))
            assert {each["id"]: (each["parent"], each["depth"], each["state"]) for each in found.values()} == {
                f"{space}/shop": (None, 0, "ready"),
                f"{space}/shop-cpl": (f"{space}/shop", 1, "ready"),
                f"{space}/shop-cpl-dm": (f"{space}/shop-cpl", 2, "ready"),
            }
            assert found[f"{space}/shop"]["services"][0]["image"] == "docker.io/library/web:1"
            trees.apply("shop", {"services": {**tree()["services"], "new": service()}})
            await until(
                events,
                lambda records: any(
                    each["key"] == "new" and each["state"] == "ready"
                    for each in records.get(f"{space}/shop", {"services": []})["services"]
                ),
            )
            trees.delete(naming.KIND, "shop")
            async with asyncio.timeout(_SECONDS):
                gone: set[str] = set()
                while f"{space}/shop" not in gone:
                    gone |= set((await events.next())[1].get("gone", []))
            assert await page.end() == (Exit.INTERRUPTED, "", "")
            await events.ended()


async def test_the_login_is_in_no_answer_and_no_output(trees: Trees, tmp_path: Path) -> None:
    config = kubeconfig_of("view", trees.plane, trees.namespace, tmp_path)
    token = yaml.safe_load(Path(config).read_text())["users"][0]["user"]["token"]
    async with ui(trees.plane, "-n", trees.namespace, KUBECONFIG=config) as page:
        browser = await page.enter()
        answers = [
            await browser.ask("GET", target) for target in ("/", "/api/about", "/api/nothing", "/api/tree?root=x")
        ]
        answers.append(await browser.ask("POST", "/api/about", b"{}"))
        async with browser.events("/api/tree") as events:
            name, data = await events.next()
        code, out, err = await page.end(signal.SIGTERM)
        said = "".join(
            [page.address, out, err, json.dumps(data), *(f"{each.headers}{each.body!r}" for each in answers)]
        )
        secrets = [token, base64.b64encode(token.encode()).decode(), browser.cookie.partition("=")[2]]
        assert (code, name) == (Exit.INTERRUPTED, "snapshot")
        assert [each for each in secrets if each in said] == []
        assert (out, err) == ("", "")


async def test_without_rights_the_page_says_what_kubectl_says(trees: Trees, tmp_path: Path) -> None:
    config = kubeconfig_of("nobody", trees.plane, trees.namespace, tmp_path)
    async with ui(trees.plane, "-n", trees.namespace, KUBECONFIG=config) as page:
        browser = await page.enter()
        user = f"system:serviceaccount:{trees.namespace}:nobody"
        assert (await browser.ask("GET", "/api/about")).json["user"] == user
        async with browser.events("/api/tree") as events:
            name, data = await events.next()
            assert (name, data["stacks"]) == ("snapshot", [])
            with pytest.raises(CommandError) as refused:
                kubectl(Path(config), "get", naming.PLURAL, "-n", trees.namespace)
            assert "cannot list resource" in data["denied"]
            assert str(refused.value).endswith(f": {data['denied']}")


async def test_who_may_not_look_into_all_namespaces_sees_their_own(trees: Trees, tmp_path: Path) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    config = Path(kubeconfig_of("view", trees.plane, trees.namespace, tmp_path))
    data = yaml.safe_load(config.read_text())
    for each in data["contexts"]:
        each["context"]["namespace"] = trees.namespace
    config.write_text(json.dumps(data))
    async with ui(trees.plane, KUBECONFIG=str(config)) as page:
        browser = await page.enter()
        assert (await browser.ask("GET", "/api/about")).json["namespace"] == trees.namespace
        async with browser.events("/api/tree") as events:
            _, found = await events.next()
            assert [each["name"] for each in found["stacks"]] == ["shop"]
            note = f"shown is the namespace {trees.namespace} alone: Error from server (Forbidden): ailtirestacks"
            assert found["notes"][0].startswith(note)


async def test_a_login_that_is_refused_and_a_stack_that_is_not_there_are_said_before_any_page(
    cli: Cli, trees: Trees, tmp_path: Path
) -> None:
    config = yaml.safe_load(trees.plane.kubeconfig.read_text())
    config["users"] = [{"name": each["name"], "user": {"token": "no-such-token"}} for each in config["users"]]
    (tmp_path / "refused").write_text(json.dumps(config))
    result = await asyncio.to_thread(cli, "ui", "--no-browser", KUBECONFIG=str(tmp_path / "refused"))
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "You must be logged in to the server (Unauthorized)" in result.err
    for path in ("nothing", "nothing/below"):
        result = await asyncio.to_thread(cli, "ui", path, "--no-browser")
        assert (result.code, result.out) == (Exit.MISSING, "")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = await asyncio.to_thread(cli, "ui", "--no-browser", "--port", port)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert f"port {port} of 127.0.0.1 is in use" in result.err
