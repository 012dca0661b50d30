"""Addresses of kinds and objects."""

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.errors import NotFound
from ailtire_operator.cluster.kinds import KINDS, OWNED_KINDS, STACK, WATCHED_KINDS, Ref, controller_of, kind_of
from unit.cluster_layer import samples


def test_paths() -> None:
    assert kinds.SERVICE.path("prod", "web") == "/api/v1/namespaces/prod/services/web"
    assert kinds.DEPLOYMENT.path(None) == "/apis/apps/v1/deployments"
    stack = "/apis/ailtire.io/v1alpha1/namespaces/prod/ailtirestacks/shop/status"
    assert kinds.STACK.path("prod", "shop", "status") == stack
    assert Ref("Service", "prod", "web").path == kinds.SERVICE.path("prod", "web")


def test_the_kind_of_a_manifest() -> None:
    assert kind_of(samples.deployment_manifest()) is kinds.DEPLOYMENT
    for wrong in ({"apiVersion": "apps/v1beta1", "kind": "Deployment"}, {"apiVersion": "v1", "kind": "Secret"}):
        with pytest.raises(ValueError, match="no kind that this operator writes"):
            kind_of(wrong)


def test_kind_names_are_unique() -> None:
    assert len(KINDS) == len(OWNED_KINDS) + 3
    assert set(OWNED_KINDS) < set(WATCHED_KINDS)


def test_only_stacks_are_watched_without_our_label() -> None:
    for kind in WATCHED_KINDS:
        assert (naming.MANAGED_SELECTOR in kind.selector) == (kind is not kinds.STACK)


def test_refs() -> None:
    ref = Ref.of(samples.service_live())
    assert ref == Ref("Service", "prod", "web")
    assert str(ref) == "Service web"


def test_the_controller_is_one_of_the_owners() -> None:
    obj = {"metadata": {"ownerReferences": [{"kind": "X", "uid": "1"}, samples.owner_reference()]}}
    assert controller_of(obj) == samples.owner_reference()
    assert controller_of({"metadata": {}}) is None


@pytest.mark.parametrize("text", ["..", ".", "../services/x", "a/b", "a?b", "a#b", "a%2fb", "a\\b", "a\nb", "\x9b"])
def test_what_can_be_no_name_leads_to_no_address(text: str) -> None:
    """A name may come from a field that an author writes, such as the root of a place."""
    with pytest.raises(NotFound, match="no object can have the name"):
        STACK.path("prod", text)
    with pytest.raises(NotFound):
        STACK.path(text, "shop")


def test_names_are_parts_of_a_path_as_they_are() -> None:
    assert STACK.path("prod", "shop.v1").endswith("/namespaces/prod/ailtirestacks/shop.v1")
    assert STACK.path("", None).endswith("/v1alpha1/ailtirestacks")
