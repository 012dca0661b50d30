"""What somebody changes by hand is put back and told: an Event on the stack, a line in the log, a metric; no more."""

import json
import re

import pytest

from lab import CommandError, Operator
from lab.audit import OPERATOR
from support.kube.trees import Trees, child, service, targets


def events(trees: Trees, name: str) -> list[str]:
    found = trees.plane.api.get(f"/api/v1/namespaces/{trees.namespace}/events")["items"]
    mine = (each for each in found if each["reason"] == "PutBack" and each["involvedObject"]["name"] == name)
    return [each["message"] for each in mine]


def count(operator: Operator, kind: str) -> float:
    found = re.search(rf'^ailtire_put_back_total{{kind="{kind}"}} (\S+)$', operator.get("/metrics"), re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.fixture
def shop(trees: Trees) -> Trees:
    route = {"/": {"path": "/", "port": 8080}}
    environment = {"TOKEN": "s3cret"}
    trees.apply(
        "shop",
        {
            "services": {
                "web": service(interface=route, environment=environment),
                "cpl": child({"web": service(interface=route)}, interface={"/cpl": {"path": "/"}}),
            }
        },
    )
    trees.until_ready("shop", "shop-cpl")
    trees.settle()
    assert events(trees, "shop") == []
    return trees


def told(trees: Trees, name: str, text: str) -> None:
    trees.until(text, lambda: any(text in each for each in events(trees, name)))


def test_each_change_by_hand_is_told_with_its_field_and_its_manager(shop: Trees, operator: Operator) -> None:
    before, kids = count(operator, "Deployment"), count(operator, "AiltireStack")
    mark = operator.log.stat().st_size
    shop.kubectl("set", "image", "deployment/shop-web", "web=evil:1", "--field-manager=kubectl-edit")
    image = "Deployment shop-web spec.template.spec.containers[name=web].image (changed by kubectl-edit)"
    told(shop, "shop", f"put back: {image}")
    shop.kubectl("scale", "deployment/shop-web", "--replicas=7")
    told(shop, "shop", "Deployment shop-web spec.replicas (changed by kubectl)")
    shop.kubectl("set", "env", "deployment/shop-web", "TOKEN=other")
    told(shop, "shop", "containers[name=web].env[name=TOKEN].value (changed by kubectl-set)")
    shop.kubectl("label", "deployment/shop-web", "ailtire.io/root-")
    told(shop, "shop", 'Deployment shop-web metadata.labels["ailtire.io/root"] (removed)')
    shop.patch("networkpolicy", "shop--siblings--members", {"spec": {"ingress": [{}]}}, "me")
    told(shop, "shop", "NetworkPolicy shop--siblings--members spec.ingress (changed by me)")
    shop.kubectl("scale", "deployment/shop-cpl-web", "--replicas=7")
    told(shop, "shop-cpl", "Deployment shop-cpl-web spec.replicas (changed by kubectl)")
    shop.patch("ailtirestack", "shop-cpl", {"spec": {"services": {"web": {"image": "evil:1"}}}}, "me")
    told(shop, "shop", "AiltireStack shop-cpl spec.services.web.image (changed by me)")
    shop.patch("ailtirestack", "shop-cpl", {"spec": {"suspend": True}}, "me")
    told(shop, "shop", "AiltireStack shop-cpl spec.suspend (changed by me)")
    shop.until_ready("shop", "shop-cpl")
    assert count(operator, "Deployment") >= before + 5
    assert count(operator, "AiltireStack") >= kids + 2
    log = operator.log.read_bytes()[mark:].decode()
    assert f"put back: {shop.namespace}/{image}" in log
    assert not any("s3cret" in each or "evil" in each for each in [*events(shop, "shop"), log])


def test_what_is_deleted_by_hand_and_made_again_is_told(shop: Trees) -> None:
    shop.delete("service", "shop-web")
    told(shop, "shop", "put back: Service shop-web (deleted)")
    shop.delete("deployment", "shop-cpl-web")
    told(shop, "shop-cpl", "put back: Deployment shop-cpl-web (deleted)")
    shop.delete("ailtirestack", "shop-cpl")
    told(shop, "shop", "AiltireStack shop-cpl (deleted)")
    shop.until_ready("shop", "shop-cpl")
    before = events(shop, "shop")
    shop.apply("shop", {"services": {"web": service(), "cpl": service()}})
    shop.until("the child gone", lambda: shop.get("AiltireStack", "shop-cpl") is None)
    shop.until_ready("shop")
    shop.apply("shop", {"services": {"web": service(), "cpl": child({"web": service()})}})
    shop.until_ready("shop", "shop-cpl")
    assert events(shop, "shop") == before, "what the operator itself deletes and makes again is nobody's change"


def test_neither_the_authors_change_nor_what_others_add_is_told(shop: Trees) -> None:
    shop.kubectl("annotate", "deployment/shop-web", "example.com/mine=1")
    shop.kubectl("label", "deployment/shop-web", "example.com/mine=1")
    shop.kubectl("rollout", "restart", "deployment/shop-web")
    shop.until_ready("shop")
    shop.apply("shop", {"services": {"web": service("docker.io/library/web:2", labels={"a": "b"})}})
    shop.until("the child gone", lambda: shop.get("AiltireStack", "shop-cpl") is None)
    shop.until_ready("shop")
    shop.settle()
    assert events(shop, "shop") == []
    deployment = shop.must("Deployment", "shop-web")["metadata"]
    assert deployment["labels"]["example.com/mine"] == deployment["annotations"]["example.com/mine"] == "1"


def test_what_was_changed_while_no_operator_ran_is_told_by_the_next_one(shop: Trees, operator: Operator) -> None:
    operator.stop()
    shop.kubectl("scale", "deployment/shop-web", "--replicas=7")
    mark = shop.audit.mark()
    operator.start()
    told(shop, "shop", "put back: Deployment shop-web spec.replicas (changed by kubectl)")
    shop.settle()
    written = [each for each in targets(shop.writes(mark)) if "/status" not in each and " events " not in each]
    assert written == ["patch deployments.apps shop-web"]


def test_who_fights_over_a_field_fills_no_namespace(shop: Trees) -> None:
    for replicas in range(20, 40):
        shop.kubectl("scale", "deployment/shop-web", f"--replicas={replicas}")
    told(shop, "shop", "spec.replicas")
    shop.settle()
    assert len(events(shop, "shop")) <= 12


WARNED = [
    ("ailtirestack", "shop-cpl", {"spec": {"services": {"web": {"image": "evil:1"}}}}),
    ("ailtirestack", "shop-cpl", {"spec": {"suspend": True}}),
    ("ailtirestack", "shop-cpl", {"metadata": {"labels": {"ailtire.io/root": None}}}),
    ("deployment", "shop-web", {"spec": {"replicas": 7}}),
    (
        "deployment",
        "shop-cpl-web",
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": None, "ailtire.io/root": "x"}}},
    ),
    ("service", "shop-web", {"spec": {"sessionAffinity": "ClientIP"}}),
    ("networkpolicy", "shop--siblings--members", {"spec": {"ingress": [{}]}}),
    ("poddisruptionbudget", "shop--gateway", {"spec": {"maxUnavailable": 2}}),
]
FREE = [
    ("ailtirestack", "shop", {"spec": {"suspend": True}}),
    ("ailtirestack", "shop-cpl", {"metadata": {"annotations": {"example.com/a": "b"}}}),
    ("ailtirestack", "shop-cpl", {"metadata": {"labels": {"example.com/a": "b"}}}),
    ("deployment", "shop-web", {"metadata": {"labels": {"example.com/a": "b"}, "annotations": {"a": "b"}}}),
]
PARENTS = {"ailtirestack": "change spec.services.cpl of shop", "deployment shop-cpl-web": "change shop-cpl instead"}


def warned(trees: Trees, kind: str, name: str, patch: object, *options: str) -> str:
    """The warnings of a change that is tried only; empty for none."""
    arguments = ("--type=merge", "-p", json.dumps(patch), "--dry-run=server", "--warnings-as-errors", *options)
    try:
        trees.kubectl("patch", kind, name, *arguments)
    except CommandError as error:
        assert "warning received" in str(error), error
        return str(error)
    return ""


def test_who_changes_what_is_put_back_is_warned_at_once_and_nobody_else(shop: Trees) -> None:
    shop.until("the policies", lambda: warned(shop, *WARNED[0]))
    for kind, name, patch in WARNED:
        said = PARENTS.get(kind) or PARENTS.get(f"{kind} {name}") or "change shop instead"
        assert said in warned(shop, kind, name, patch), (kind, name, patch)
        assert not warned(shop, kind, name, patch, f"--as={OPERATOR}")
        assert not warned(shop, kind, name, patch, "--field-manager=ailtire-operator"), "by a tenant's account"
    for kind, name, patch in FREE:
        assert not warned(shop, kind, name, patch), (kind, name, patch)
    collector = "--as=system:serviceaccount:kube-system:generic-garbage-collector"
    shop.kubectl(
        "create", "rolebinding", "collector", "--clusterrole=admin", f"--user={collector.removeprefix('--as=')}"
    )
    shop.until("its right", lambda: "yes" in shop.kubectl("auth", "can-i", "patch", "deployments.apps", collector))
    assert not warned(shop, "deployment", "shop-web", {"spec": {"replicas": 7}}, collector)


def test_a_warning_never_keeps_anybody_from_a_change(shop: Trees) -> None:
    shop.until("the policies", lambda: warned(shop, *WARNED[0]))
    shop.patch("ailtirestack", "shop-cpl", {"spec": {"suspend": True}})
    told(shop, "shop", "AiltireStack shop-cpl spec.suspend (changed by kubectl-patch)")
