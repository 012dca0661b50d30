"""The swarm profile: Compose files that ``docker stack deploy`` takes, and that do there what the stack says."""

from typing import Any

from ailtire_operator.compose.exporting import dump, export_tree
from support.compose.exporting import exported, read, told
from support.definitions.applications import SOCKET
from support.definitions.wide import wide

UNSUPPORTED = {
    "build", "cgroup_parent", "cgroupns_mode", "container_name", "devices", "domainname", "external_links", "ipc",
    "links", "mac_address", "network_mode", "pid", "privileged", "restart", "security_opt", "shm_size", "userns_mode",
}  # fmt: skip
"""What Docker's client says it ignores."""
OWN = {"ailtire.io/network": "siblings"}
"""By which an import knows a stack's own network."""


def test_a_port_for_fewer_callers_than_swarm_would_let_in_is_not_published() -> None:
    ports = {
        "node": {"port": 1, "published": 1, "mode": "host", "hostIp": "127.0.0.1"},
        "inside": {"port": 2, "published": 2, "exposure": "ClusterIP"},
        "open": {"port": 3, "published": 3, "exposure": "LoadBalancer"},
        "every": {"port": 4, "published": 4, "mode": "host", "hostIp": "0.0.0.0"},
    }
    result = exported({"services": {"web": {"image": "web", "ports": ports}}})
    (document,) = result.files.values()
    web = read(dump(document))["services"]["web"]
    assert sorted(each["published"] for each in web["ports"]) == [3, 4]
    assert "Swarm publishes on all addresses of a node, so the port is not published" in told(result)


FULL: dict[str, Any] = {
    "appName": "shop_app",
    "imageRegistry": "team",
    "images": {"web": "web:2"},
    "data": {"uploads": {"size": "5Gi"}, "shared": {"mode": "ReadWriteMany"}},
    "networks": {"tele": {"name": "shop_tele", "internal": True}, "own": {}},
    "services": {
        "Front_End": {
            "image": "web:1",
            "entrypoint": ["/bin/x"],
            "command": ["$HOME"],
            "workingDir": "/app",
            "user": "1000",
            "readOnly": True,
            "labels": {"team": "a"},
            "environment": {"COUNT": 3},
            "healthcheck": {"test": ["CMD", "true"], "startPeriod": "1m"},
            "deploy": {
                "replicas": 2,
                "endpointMode": "dnsrr",
                "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "reservations": {"memory": "1000"}},
                "updateConfig": {"delay": "5s", "parallelism": 0},
            },
            "volumes": {
                "up": {"source": "uploads", "target": "/up"},
                "host": {"source": "/etc/x", "target": "/x", "readOnly": True},
                "mem": {"target": "/mem", "medium": "Memory", "size": "1Mi"},
                **SOCKET,
            },
            "networks": {"siblings": {"aliases": ["www"]}, "tele": {}, "own": {}, "parent": {}},
            "stopSignal": "SIGINT",
        },
        "child": {
            "type": "stack",
            "stack": {
                "networks": {"tele": {"external": True, "name": "shop_tele"}},
                "services": {
                    "api": {
                        "image": "example.com/api",
                        "interface": {"/": {}},
                        "networks": {"parent": {}, "tele": {}},
                        "policies": {"scaling": {"min": 2, "max": 5}, "retry": {"maxRetries": 1}},
                    }
                },
            },
        },
        "other": {"type": "stack", "stackRef": {"name": "base"}},
    },
}


def test_the_swarm_profile_says_the_same_in_swarms_words() -> None:
    result = exported(FULL, templates={"base": {"templateOnly": True, "services": {"db": {"image": "db"}}}})
    assert list(result.files) == ["shop", "shop-child", "shop-other"]
    root = read(dump(result.files["shop"]))
    assert list(root["services"]) == ["Front_End"]
    assert root["services"]["Front_End"] == {
        "image": "team/web:2",
        "entrypoint": ["/bin/x"],
        "command": ["$$HOME"],
        "working_dir": "/app",
        "user": "1000",
        "read_only": True,
        "labels": {"team": "a"},
        "stop_signal": "SIGINT",
        "stop_grace_period": "30s",
        "environment": {
            "AILTIRE_STACKNAME": "{{.Service.Name}}-{{.Task.Slot}}",
            "AILTIRE_PARENT": "shop",
            "AILTIRE_PARENTHOST": "",
            "AILTIRE_APPNAME": "shop_app",
            "AILTIRE_SERVICENAME": "Front_End",
            "AILTIRE_PARENT_NETWORK": "shop_app_top",
            "COUNT": "3",
        },
        "healthcheck": {
            "test": ["CMD", "true"],
            "interval": "30s",
            "timeout": "30s",
            "retries": 3,
            "start_period": "1m",
        },
        "volumes": [
            {"type": "bind", "source": "/etc/x", "target": "/x", "read_only": True},
            {"type": "tmpfs", "target": "/mem", "tmpfs": {"size": 1048576}},
            {"type": "volume", "source": "uploads", "target": "/up"},
        ],
        "networks": {
            "siblings": {"aliases": ["front-end", "www"]},
            "tele": {"aliases": ["front-end"]},
            "own": {"aliases": ["front-end"]},
        },
        "deploy": {
            "replicas": 2,
            "endpoint_mode": "dnsrr",
            "resources": {"limits": {"cpus": "0.5", "memory": "256M"}, "reservations": {"memory": "1000b"}},
            "update_config": {"order": "stop-first", "parallelism": 0, "delay": "5s"},
        },
    }
    assert root["networks"] == {
        "siblings": {"driver": "overlay", "attachable": True, "name": "shop_siblings", "labels": OWN},
        "tele": {"driver": "overlay", "attachable": True, "internal": True, "name": "shop_tele"},
        "own": {"driver": "overlay", "attachable": True, "name": "shop_own"},
    }
    assert root["volumes"] == {"uploads": {}}


def test_a_child_joins_the_networks_that_files_before_it_made() -> None:
    result = exported(FULL, templates={"base": {"templateOnly": True, "services": {"db": {"image": "db"}}}})
    child = result.files["shop-child"]
    assert child["networks"] == {
        "siblings": {"driver": "overlay", "attachable": True, "name": "shop-child_siblings", "labels": OWN},
        "parent": {"external": True, "name": "shop_siblings"},
        "tele": {"external": True, "name": "shop_tele"},
    }
    api = child["services"]["api"]
    assert api["image"] == "example.com/api"
    assert api["deploy"]["replicas"] == 2
    assert api["environment"]["AILTIRE_PARENT"] == "shop-child"
    assert api["environment"]["AILTIRE_PARENTHOST"] == "admin"
    assert api["environment"]["AILTIRE_PARENT_NETWORK"] == "shop_siblings"


def test_a_network_that_no_file_before_made_is_made_where_it_is_first_used() -> None:
    spec = {
        "networks": {"tele": {"name": "shop_tele"}},
        "services": {
            key: {
                "type": "stack",
                "stack": {
                    "networks": {"t": {"external": True, "name": "shop_tele"}},
                    "services": {"api": {"image": "x", "networks": {"t": {}, "parent": {}}}},
                },
            }
            for key in ("a", "b")
        },
    }
    result = exported(spec)
    assert result.files["shop"] == {"version": "3.0", "services": {}}
    first, second = result.files["shop-a"]["networks"], result.files["shop-b"]["networks"]
    assert {key: "external" in network for key, network in first.items()} == {"t": False, "parent": False}
    assert {key: "external" in network for key, network in second.items()} == {"t": True, "parent": True}


def test_what_a_swarm_file_does_not_hold_is_told() -> None:
    spec = {
        "securityProfile": "baseline",
        "imagePullSecrets": ["s"],
        "edge": {"hosts": ["shop.example"]},
        "data": {"d": {"size": "2Gi"}, "unused": {}},
        "services": {
            "web": {
                "image": "web",
                "interface": {"/": {}},
                "annotations": {"a": "b"},
                "healthcheck": {"http": "/"},
                "environmentFrom": [{"secret": "s"}],
                "environmentValuesFrom": {"A": {"secret": "s", "key": "k"}},
                "policies": {"scaling": {"max": 5}},
                "volumes": {**SOCKET, "d": {"source": "d", "target": "/d"}, "t": {"target": "/t", "size": "1Gi"}},
            },
            "gone": {"type": "stack", "stackRef": {"name": "gone"}},
        },
    }
    report = told(exported(spec))
    for start in (
        "spec.securityProfile: ignored",
        "spec.imagePullSecrets: ignored",
        "spec.edge: approximate: Swarm has no Ingress",
        "spec.data.d.size: ignored",
        "spec.data.unused: ignored",
        "spec.services.web.healthcheck: ignored",
        "spec.services.web.environmentFrom: rejected",
        "spec.services.web.environmentValuesFrom: rejected",
        "spec.services.web.policies.scaling: approximate",
        "spec.services.web.volumes.docker: gated",
        "spec.services.web.volumes.t.size: ignored",
        "spec.services.gone.stackRef: ignored",
    ):
        assert start in report, start


def test_files_lie_beside_the_document_and_other_objects_have_to_be_there() -> None:
    spec = {
        "configs": {"text": {"content": "a: $b\n"}, "bytes": {"binaryContent": "AAH/"}, "theirs": {"configMap": "c"}},
        "secrets": {"password": {"secret": "s", "key": "pass"}},
        "services": {
            "web": {
                "image": "x",
                "configs": {"text": {}, "bytes": {"target": "/b", "mode": 0o400, "gid": 5}, "theirs": {}},
                "secrets": {"password": {}},
            }
        },
    }
    result = exported(spec)
    document = result.files["shop"]
    assert dict(result.beside) == {"shop.text": b"a: $b\n", "shop.bytes": b"\x00\x01\xff"}
    assert document["configs"]["theirs"] == {"external": True, "name": "c-data"}
    assert document["secrets"]["password"] == {"external": True, "name": "s-pass"}
    assert document["services"]["web"]["configs"] == [
        {"source": "bytes", "target": "/b", "gid": "5", "mode": 0o400},
        {"source": "text", "target": "/text"},
        {"source": "theirs", "target": "/theirs"},
    ]
    assert document["services"]["web"]["secrets"] == [{"source": "password", "target": "/run/secrets/password"}]
    assert len(result.needed) == 2


def test_volumes_of_replicas_servers_and_others() -> None:
    spec = {
        "data": {"own": {"perReplica": True}, "nfs": {"nfs": {"server": "n", "path": "/p"}}, "old": {"claim": "old"}},
        "services": {
            "web": {
                "image": "x",
                "volumes": {key: {"source": key, "target": f"/{key}"} for key in ("own", "nfs", "old")},
                "tmpfs": {"/run": {"size": "1Mi"}},
                "shmSize": "2Mi",
            }
        },
    }
    document = exported(spec).files["shop"]
    assert document["volumes"] == {
        "own": {"name": "shop_own-{{.Task.Slot}}"},
        "nfs": {"driver": "local", "driver_opts": {"type": "nfs", "o": "addr=n,rw", "device": ":/p"}},
        "old": {"external": True, "name": "old"},
    }
    assert document["services"]["web"]["volumes"][-2:] == [
        {"type": "tmpfs", "target": "/run", "tmpfs": {"size": 1 << 20}},
        {"type": "tmpfs", "target": "/dev/shm", "tmpfs": {"size": 2 << 20}},
    ]


def test_swarms_placeholders_are_left_to_swarm_and_dollars_are_dollars() -> None:
    spec = {"services": {"web": {"image": "x", "environment": {"A": "{{.Task.Slot}}$X"}, "command": ["{{x}}", "$1"]}}}
    service = exported(spec).files["shop"]["services"]["web"]
    assert service["environment"]["A"] == "{{.Task.Slot}}$$X"
    assert service["command"] == ["{{x}}", "$$1"]


def test_jobs_end_and_are_not_updated() -> None:
    spec = {"services": {"job": {"image": "x", "deploy": {"mode": "replicatedJob", "replicas": 2}}}}
    assert exported(spec).files["shop"]["services"]["job"]["deploy"] == {
        "mode": "replicated-job",
        "replicas": 2,
        "restart_policy": {"condition": "on-failure"},
    }


def test_a_roll_back_goes_as_the_update_went_unless_it_is_said() -> None:
    def deploy(**more: Any) -> Any:
        update = {"order": "startFirst", "parallelism": 2, "failureAction": "rollback"}
        service = {"image": "x", "deploy": {"updateConfig": update, **more}}
        return exported({"services": {"web": service}}).files["shop"]["services"]["web"]["deploy"]

    assert deploy()["rollback_config"] == {"order": "start-first", "parallelism": 2}
    said = {"order": "stopFirst", "parallelism": 3}
    assert deploy(rollbackConfig=said)["rollback_config"] == {"order": "stop-first", "parallelism": 3}


def test_the_version_is_the_lowest_that_carries_what_is_said() -> None:
    def version(**more: Any) -> Any:
        return exported({"services": {"web": {"image": "x", **more}}}).files["shop"]["version"]

    assert version() == "3.5"
    assert version(deploy={"placement": {"maxReplicasPerNode": 1}}) == "3.8"
    assert version(healthcheck={"test": ["CMD", "x"], "startInterval": "1s"}) == "3.12"


def test_nothing_is_written_that_dockers_client_ignores() -> None:
    made = wide()
    for result in (export_tree(made.name, made.spec, {}), exported(FULL, templates={"base": {"services": {}}})):
        for document in result.files.values():
            assert not any(UNSUPPORTED & service.keys() for service in document["services"].values())


def test_what_is_stopped_has_no_tasks() -> None:
    members = {
        "web": {"image": "web", "interface": {"/": {}}, "deploy": {"replicas": 3}},
        "agent": {"image": "agent", "deploy": {"mode": "global"}},
        "migrate": {"image": "migrate", "deploy": {"mode": "replicatedJob"}},
        "sub": {"type": "stack", "stack": {"services": {"x": {"image": "x"}}}},
    }
    files = exported({"stopped": True, "env": {"A": "b"}, "services": members}).files
    services = files["shop"]["services"]
    assert services["web"]["deploy"]["replicas"] == files["shop-sub"]["services"]["x"]["deploy"]["replicas"] == 0
    for key in ("agent", "migrate"):
        assert services[key]["deploy"]["placement"]["constraints"] == ["node.labels.ailtire.io/stopped == true"]
    assert services["web"]["environment"]["A"] == files["shop-sub"]["services"]["x"]["environment"]["A"] == "b"
    assert exported({"services": members}).files["shop"]["services"]["web"]["deploy"]["replicas"] == 3
