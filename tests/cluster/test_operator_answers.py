"""The operator's process behind an API server whose successes are not what was asked for: it says so, and lives on."""

import asyncio
from pathlib import Path

from cluster.cluster_layer import SECONDS
from cluster.cluster_layer_proxy import everything, nothing, proxied
from lab import ControlPlane, Operator, kubeconfig
from support.kube.operators import another
from support.kube.trees import Trees, service

ANSWERS = [
    "{}",
    "[]",
    "",
    "null",
    '{"metadata": null}',
    '{"metadata": {"resourceVersion": 5}, "items": 7}',
    '{"items": [1]}',
]
"""With 200, to every request: lists, watches, reads, writes and the lease alike."""


async def test_no_answer_is_a_traceback(
    trees: Trees, operator: Operator, control_plane: ControlPlane, tmp_path: Path
) -> None:
    operator.stop()
    async with proxied(control_plane) as (proxy, _):
        config = tmp_path / "kubeconfig"
        token = control_plane.kubectl("create", "token", "ailtire-operator", "-n", "ailtire-system", "--duration=1h")
        kubeconfig.write(config, proxy.url, control_plane.ca, token.strip())
        with another(control_plane, operator, "odd-answers", KUBECONFIG=str(config)) as odd:
            await asyncio.to_thread(trees.until, "it leads", lambda: odd.number("ailtire_leader") == 1)
            for number, text in enumerate(ANSWERS):
                proxy.instead = (everything, 200, text)
                proxy.cut()
                trees.apply(f"shop-{number}", {"services": {"web": service()}})
                mark = len(proxy.seen)
                async with asyncio.timeout(SECONDS):
                    while not {"GET", "PUT"} <= {line.split()[0] for line in proxy.seen[mark + 20 :]}:
                        await asyncio.sleep(0.05)
                proxy.instead = (nothing, 200, "")
                await asyncio.to_thread(trees.until_ready, f"shop-{number}")
            assert odd.process.poll() is None
            log = odd.log.read_text()
        assert "not what was asked for" in log
        assert "Traceback" not in log
