"""What other converters of Compose files get wrong is right here. Each test is named for one of their defects."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.compose_cases import Conversion, at, convert_text

_CONTAINER = "spec.template.spec.containers[0]"


def service(folder: Path, fields: str, rest: str = "") -> tuple[Conversion, Any]:
    """A project of one service, and its workload's container."""
    result = convert_text(folder, f"name: p\nservices:\n  a: {{image: a, {fields}}}\n{rest}")
    kinds = ("Deployment", "StatefulSet", "Job", "DaemonSet")
    (workload,) = [each for kind in kinds for each in result.of(kind)]
    return result, at(workload, _CONTAINER)


def test_a_probe_of_a_shell_text_can_pass(tmp_path: Path) -> None:
    _, container = service(tmp_path, "healthcheck: {test: 'curl -f localhost || exit 1'}")
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["exec"]["command"] == ["/bin/sh", "-c", "curl -f localhost || exit 1"]
        assert (container[probe]["periodSeconds"], container[probe]["timeoutSeconds"]) == (30, 30)


def test_a_check_without_a_command_is_the_images_own_and_told(tmp_path: Path) -> None:
    result, container = service(tmp_path, "healthcheck: {interval: 10s}")
    assert "livenessProbe" not in container
    assert "services.a.healthcheck: ignored: the check is the image's own" in result.told


def test_no_replicas_stay_none(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "deploy: {replicas: 0}")
    assert at(result.of("Deployment")[0], "spec.replicas") == 0


def test_environment_wins_over_env_file_and_a_later_file_over_an_earlier(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("A=one\nB=one\nC=one\n")
    (tmp_path / "two.env").write_text("B=two\nC=two\n")
    result, _ = service(tmp_path, "env_file: [one.env, two.env], environment: {C: own}")
    assert result.services["a"]["environment"] == {"A": "one", "B": "two", "C": "own"}


@pytest.mark.parametrize("fields", ["restart: 'no'", "deploy: {restart_policy: {condition: none}}"])
def test_what_is_not_restarted_is_a_job_that_the_api_server_takes(tmp_path: Path, fields: str) -> None:
    result, _ = service(tmp_path, fields)
    (job,) = result.of("Job")
    assert at(job, "spec.template.spec.restartPolicy") == "Never"
    assert at(job, "spec.backoffLimit") == 0


def test_a_limit_reserves_nothing(tmp_path: Path) -> None:
    _, container = service(tmp_path, "deploy: {resources: {limits: {cpus: '0.5', memory: 50M}}}")
    assert container["resources"] == {
        "limits": {"cpu": "500m", "memory": "50Mi"},
        "requests": {"cpu": "0", "memory": "0"},
    }


def test_mem_limit_survives_a_limit_of_processors(tmp_path: Path) -> None:
    _, container = service(tmp_path, "mem_limit: 64m, cpus: 1, deploy: {replicas: 1}")
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "64Mi"}


def test_peers_dial_the_target_and_not_the_published_port(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "ports: ['6380:6379']")
    inner, outer = sorted(result.of("Service"), key=lambda each: at(each, "spec.ports[0].port") or 0)[-2:]
    assert at(inner, "spec.ports[0].port") == 6379
    assert (at(outer, "spec.ports[0].port"), at(outer, "spec.ports[0].targetPort")) == (6380, 6379)


def test_one_port_on_two_protocols(tmp_path: Path) -> None:
    result, container = service(tmp_path, "ports: ['53:53/tcp', '53:53/udp']")
    assert {each["protocol"] for each in container["ports"]} == {"TCP", "UDP"}
    assert set(result.services["a"]["ports"]) == {"tcp-53", "udp-53"}


def test_parallelism_counts_without_an_order_and_says_stop_first(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "deploy: {replicas: 4, update_config: {parallelism: 2}}")
    rolling = at(result.of("Deployment")[0], "spec.strategy.rollingUpdate")
    assert (rolling["maxUnavailable"], rolling["maxSurge"]) == (2, 0)


def test_start_first_never_goes_below_the_wanted_count(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "deploy: {replicas: 4, update_config: {parallelism: 2, order: start-first}}")
    rolling = at(result.of("Deployment")[0], "spec.strategy.rollingUpdate")
    assert (rolling["maxUnavailable"], rolling["maxSurge"]) == (0, 2)


def test_services_share_a_volume(tmp_path: Path) -> None:
    members = "{a: {image: a, volumes: ['data:/a']}, b: {image: b, volumes: ['data:/b']}}"
    result = convert_text(tmp_path, f"name: p\nservices: {members}\nvolumes: {{data: {{}}}}\n")
    (claim,) = result.of("PersistentVolumeClaim")
    for key in ("a", "b"):
        (workload,) = result.of(f"Deployment/{key}")
        volume = at(workload, "spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName")
        assert volume == claim["metadata"]["name"]
    assert "volumes.data: approximate: a, b share this volume" in result.told


def test_a_dollar_is_a_dollar(tmp_path: Path) -> None:
    _, container = service(tmp_path, "command: ['echo', '$$HOME', '$$(date)'], environment: {A: 'x$$y'}")
    assert container["args"] == ["echo", "$HOME", "$$(date)"]
    assert at(container, "env[name=A].value") == "x$y"


def test_constraints_keep_hyphens_and_need_no_spaces(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "deploy: {placement: {constraints: ['node.labels.my-zone==eu-west-1']}}")
    (term,) = at(
        result.of("Deployment")[0],
        "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
    )
    assert term["matchExpressions"] == [{"key": "my-zone", "operator": "In", "values": ["eu-west-1"]}]


def test_options_of_tmpfs_are_no_part_of_its_path(tmp_path: Path) -> None:
    _, container = service(tmp_path, "tmpfs: ['/run:size=64m,mode=1777']")
    assert [each["mountPath"] for each in container["volumeMounts"]] == ["/run"]


def test_a_secret_lies_where_docker_puts_it_with_dockers_mode(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("x")
    result, container = service(tmp_path, "secrets: [s]", "secrets: {s: {file: s.txt}}")
    assert at(container, "volumeMounts[0].mountPath") == "/run/secrets/s"
    assert at(result.of("Deployment")[0], "spec.template.spec.volumes[0].secret.items[0].mode") == 0o444
    assert result.secrets == []


def test_secrets_are_written_on_request_alone(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("hush")
    text = "name: p\nservices: {a: {image: a, secrets: [s]}}\nsecrets: {s: {file: s.txt}}\n"
    (secret,) = convert_text(tmp_path, text, with_secrets=True).secrets
    assert (secret["metadata"]["name"], secret["data"]) == ("p-s", {"data": "aHVzaA=="})


def test_a_service_without_image_is_called_as_docker_compose_calls_it(tmp_path: Path) -> None:
    text = "name: shop\nservices: {my_web: {build: .}, db: {image: postgres}}\n"
    result = convert_text(tmp_path, text, registry="registry.example/team", tag="1.4")
    assert result.services["my_web"]["image"] == "registry.example/team/shop-my_web:1.4"
    assert result.services["db"]["image"] == "postgres"
    assert "services.my_web.build: resolved: it is built" in result.told


def test_folders_of_one_name_are_volumes_of_their_own_and_one_folder_is_one(tmp_path: Path) -> None:
    first = "volumes: ['./a/data:/one', './b/data:/two', 'data:/named']"
    members = f"  a: {{image: a, {first}}}\n  b: {{image: b, volumes: ['./a/data:/x']}}\n"
    result = convert_text(tmp_path, f"name: p\nservices:\n{members}volumes: {{data: {{}}}}\n")
    mounted = {each["target"]: each["source"] for each in result.services["a"]["volumes"].values()}
    assert mounted == {"/one": "a-data", "/two": "b-data", "/named": "data"}
    assert [each["source"] for each in result.services["b"]["volumes"].values()] == ["a-data"]
    assert "a, b share this volume" in result.told


def test_a_limit_of_zero_is_no_absent_limit(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "ulimits: {core: 0, nofile: {soft: 0, hard: 10}}")
    assert result.services["a"]["ulimits"] == {"core": {"soft": 0, "hard": 0}, "nofile": {"soft": 0, "hard": 10}}


def test_one_wrong_host_does_not_take_the_others_along(tmp_path: Path) -> None:
    result, _ = service(
        tmp_path, "extra_hosts: ['good=10.0.0.1', '*.wild=10.0.0.2', 'six=[::1]', 'docker=host-gateway']"
    )
    assert result.services["a"]["extraHosts"] == {"good": ["10.0.0.1"], "six": ["::1"]}
    assert "'*.wild=10.0.0.2' is not a host name with an address; it is left out" in result.told
    assert "the Docker host has no equivalent; the name is left out" in result.told


def test_no_search_domain_at_all_is_told(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "dns_search: ['.']")
    assert "services.a.dns_search[0]: ignored: a pod always searches the domains" in result.told


def test_a_block_device_is_told_though_it_says_nothing_more(tmp_path: Path) -> None:
    volume = "{x-cluster-spec: {access_mode: {scope: single, block_volume: {}}}}"
    result, _ = service(tmp_path, "volumes: ['vol:/v']", f"volumes: {{vol: {volume}}}\n")
    assert "volumes.vol.x-cluster-spec.access_mode.block_volume: rejected" in result.told


@pytest.mark.parametrize("volume", ["{driver_opts: {type: nfs, o: 'addr=nas', device: ':/srv'}}", "{external: true}"])
def test_a_volume_that_others_keep_is_not_said_to_serve_one_node(tmp_path: Path, volume: str) -> None:
    fields = "volumes: ['vol:/v'], deploy: {replicas: 3}"
    result, _ = service(tmp_path, fields, f"volumes: {{vol: {volume}}}\n")
    assert "one node at a time" not in result.told


def test_tries_that_do_not_count_are_told(tmp_path: Path) -> None:
    result, _ = service(tmp_path, "ports: ['80'], restart: 'on-failure:3'")
    assert "spec.services.a.deploy.restartPolicy.maxAttempts: approximate" in result.told


def test_a_secret_of_swarms_plugins_does_not_make_the_file_unreadable(tmp_path: Path) -> None:
    secrets = "{s: {name: 'bar \"$$x', driver: vault, driver_opts: {a: b}}}"
    result, _ = service(tmp_path, "secrets: [s]", f"secrets: {secrets}\n")
    assert result.stack["spec"]["secrets"]["s"]["key"] == "s"
    for key in ("driver", "driver_opts"):
        assert f"secrets.s.{key}: rejected: no plugin of Docker's provides secrets here" in result.told
