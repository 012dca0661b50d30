"""What is kept of each live object: a few hundred bytes that health, plan and apply decide by.

A kept Deployment costs 20 KiB as a dictionary and 0.5 KiB like this; with tens of thousands of objects that is the
difference between 1 GiB and 100 MiB. Absent means absent: a summary has no key for what the object does not have.
"""

from collections.abc import Callable, Iterator, Mapping
from sys import intern
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster import gateway_tables, kinds
from ailtire_operator.cluster.interning import shared
from ailtire_operator.cluster.managed_fields import fingerprint, spec_author
from ailtire_operator.cluster.packed_map import packed
from ailtire_operator.cluster.pod_states import pod
from ailtire_operator.cluster.summary_parts import MESSAGE_LIMIT, Object, Summary, compact, conditions, labels
from ailtire_operator.model.unobserved import written


def summarize(obj: Object) -> Summary:
    """The summary of a live object of any kind."""
    summarizer = _SUMMARIZERS.get(obj["kind"])
    return summarizer(obj) if summarizer else {}


def _workload(obj: Object) -> Summary:
    spec, status = obj["spec"], obj.get("status") or {}
    return compact(
        observedGeneration=status.get("observedGeneration"),
        specReplicas=spec.get("replicas"),
        ready=status.get("readyReplicas"),
        updated=status.get("updatedReplicas"),
        available=status.get("availableReplicas"),
        current=status.get("currentReplicas"),
        replicas=status.get("replicas"),
        paused=spec.get("paused"),
        conditions=conditions(status.get("conditions")),
        selector=labels((spec.get("selector") or {}).get("matchLabels")),
        restartedAt=_annotation(spec.get("template") or {}, naming.ANNOTATION_RESTARTED_AT),
        secretVersions=_annotation(obj, naming.ANNOTATION_SECRET_VERSIONS),
        reloadedFor=_annotation(obj, naming.ANNOTATION_RELOADED_FOR),
    )


def _annotation(obj: Object, name: str) -> str | None:
    return ((obj.get("metadata") or {}).get("annotations") or {}).get(name)


def _stateful_set(obj: Object) -> Summary:
    spec, status = obj["spec"], obj.get("status") or {}
    return _workload(obj) | compact(
        serviceName=spec.get("serviceName"),
        podManagementPolicy=spec.get("podManagementPolicy"),
        claims=claims(spec),
        updateRevision=status.get("updateRevision"),
        whenDeleted=(spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted"),
    )


def _daemon_set(obj: Object) -> Summary:
    """In the words of the other workloads: wanted is one replica for each node that takes one."""
    status = obj.get("status") or {}
    return _workload(obj) | compact(
        specReplicas=status.get("desiredNumberScheduled"),
        ready=status.get("numberReady"),
        updated=status.get("updatedNumberScheduled"),
        available=status.get("numberAvailable"),
        replicas=status.get("currentNumberScheduled"),
        updateRevision=(obj["metadata"].get("annotations") or {}).get("deprecated.daemonset.template.generation"),
    )


def _revision(obj: Object) -> Summary:
    """What of a kept definition has to be known at any time; its content is read when it is to run again."""
    annotations = obj["metadata"].get("annotations") or {}
    if naming.LABEL_REVISION in (obj["metadata"].get("labels") or {}):
        return compact(
            revision=obj.get("revision"),
            definition=annotations.get(naming.ANNOTATION_DEFINITION),
            update=annotations.get(naming.ANNOTATION_TREE_UPDATE),
        )
    return _last_good(obj, annotations)


def _last_good(obj: Object, annotations: Mapping[str, str]) -> Summary:
    template = ((obj.get("data") or {}).get("spec") or {}).get("template") or {}
    spec = template.get("spec") or {}
    images = (container.get("image") for container in spec.get("containers") or ())
    return compact(
        revision=obj.get("revision"),
        template=annotations.get(naming.ANNOTATION_TEMPLATE),
        failed=annotations.get(naming.ANNOTATION_FAILED_UPDATE),
        image=next(images, None),
        refers=tuple(_references(spec)),
        pods=labels((template.get("metadata") or {}).get("labels")),
    )


def _references(spec: Object) -> Iterator[tuple[str, str]]:
    """Kind and name of what a pod of this spec cannot start without and a stack may own."""
    for volume in spec.get("volumes") or ():
        if name := (volume.get("configMap") or {}).get("name"):
            yield intern(kinds.CONFIG_MAP.kind), intern(name)
        if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield intern(kinds.VOLUME_CLAIM.kind), intern(name)


def _job(obj: Object) -> Summary:
    """In the words of the other workloads: ready are the pods that have ended well. A Job's template never changes."""
    succeeded = (obj.get("status") or {}).get("succeeded")
    return compact(
        observedGeneration=obj["metadata"].get("generation"),
        specReplicas=obj["spec"].get("completions"),
        ready=succeeded,
        updated=succeeded,
        available=succeeded,
        replicas=succeeded,
        failed=(obj.get("status") or {}).get("failed"),
        conditions=conditions((obj.get("status") or {}).get("conditions")),
    )


def retention(spec: Object) -> str:
    """What becomes of the volumes of a StatefulSet's replicas when it goes: Retain or Delete."""
    return str((spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted") or "Retain")


def claims(spec: Object) -> dict[str, Summary]:
    """What cannot change in a StatefulSet's claim templates, by template name; the same for a manifest's spec."""
    templates = spec.get("volumeClaimTemplates") or ()
    return {template["metadata"]["name"]: _claim(template["spec"]) for template in templates}


def _claim(spec: Object) -> Summary:
    return compact(
        size=((spec.get("resources") or {}).get("requests") or {}).get("storage"),
        modes=tuple(spec.get("accessModes") or ()),
        storageClass=spec.get("storageClassName"),
    )


def _volume_claim(obj: Object) -> Summary:
    status = obj.get("status") or {}
    capacity = (status.get("capacity") or {}).get("storage")
    summary = _claim(obj["spec"]) | compact(phase=status.get("phase"), capacity=capacity)
    return summary | compact(conditions=conditions(status.get("conditions")))


def _service(obj: Object) -> Summary:
    spec = obj["spec"]
    addresses = tuple(spec.get("clusterIPs") or filter(None, (spec.get("clusterIP"),)))
    headless = "None" in addresses
    return {
        "headless": headless,
        "clusterIPs": () if headless else addresses,
        "ports": tuple(
            (intern(port.get("name") or ""), port["port"], intern(port.get("protocol", "TCP")), port.get("nodePort"))
            for port in spec.get("ports") or ()
        ),
    } | compact(type=intern(spec.get("type") or ""), selector=labels(spec.get("selector")))


def _network_policy(obj: Object) -> Summary:
    """Which pods a policy selects by labels alone, and a fingerprint of what it lets in or out."""
    spec = obj["spec"]
    selector = spec.get("podSelector") or {}
    directions = [direction.lower() for direction in spec.get("policyTypes") or ()]
    pods = {} if selector.get("matchExpressions") else labels(selector.get("matchLabels"))
    return compact(pods=pods, **{each: fingerprint({"rules": spec.get(each)}) for each in directions})


def _autoscaler(obj: Object) -> Summary:
    status = obj.get("status") or {}
    return compact(
        current=status.get("currentReplicas"),
        desired=status.get("desiredReplicas"),
        conditions=conditions(status.get("conditions")),
    )


def _ingress(obj: Object) -> Summary:
    """The hosts that it publishes (an empty one is every host), and the class of the controller that does so."""
    spec, annotations = obj["spec"], obj["metadata"].get("annotations") or {}
    if not spec.get("rules"):
        return {}
    controller = spec.get("ingressClassName") or annotations.get("kubernetes.io/ingress.class") or ""
    return compact(
        hosts=tuple(sorted({intern(rule.get("host") or "") for rule in spec["rules"]})),
        controllers=((intern(controller), ""),),
        created=obj["metadata"].get("creationTimestamp"),
    )


def _http_route(obj: Object) -> Summary:
    metadata, spec, parents = obj["metadata"], obj.get("spec") or {}, (obj.get("status") or {}).get("parents") or ()
    gateways = (
        (f"{each.get('namespace') or metadata.get('namespace')}/{each.get('name')}", each.get("sectionName") or "")
        for each in spec.get("parentRefs") or ()
    )
    return compact(
        hosts=tuple(sorted(set(map(intern, spec.get("hostnames") or ("",))))) if spec.get("parentRefs") else (),
        controllers=tuple(sorted({(intern(gateway), intern(listener)) for gateway, listener in gateways})),
        created=metadata.get("creationTimestamp"),
        parents=tuple(
            {"name": parent.get("parentRef", {}).get("name", ""), "conditions": conditions(parent.get("conditions"))}
            for parent in parents
        ),
    )


def _secret(obj: Object) -> Summary:
    """That it has changed, whatever it was: nothing else of it is ever asked for."""
    return {"version": obj["metadata"]["resourceVersion"]}


def _stack(obj: Object) -> Summary:
    """All of it: an AiltireStack is the input of the plan, not something to summarize."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    time, manager = spec_author(metadata)
    return {"spec": shared(spec), "status": packed(written(obj.get("status")))} | compact(
        creationTimestamp=metadata.get("creationTimestamp"),
        deletionTimestamp=metadata.get("deletionTimestamp"),
        ownerReferences=tuple(metadata.get("ownerReferences") or ()),
        labels=metadata.get("labels"),
        manager=intern(manager),
        written=None if "place" in spec else time,
        adopt=annotations.get(naming.ANNOTATION_ADOPT) == "true" or None,
        changeCause=str(annotations.get(naming.CHANGE_CAUSE) or "")[:MESSAGE_LIMIT],
    )


_SUMMARIZERS: Final[Mapping[str, Callable[[Object], Summary]]] = {
    kinds.CONFIG_MAP.kind: gateway_tables.summary,
    kinds.DEPLOYMENT.kind: _workload,
    kinds.STATEFUL_SET.kind: _stateful_set,
    kinds.DAEMON_SET.kind: _daemon_set,
    kinds.CONTROLLER_REVISION.kind: _revision,
    kinds.JOB.kind: _job,
    kinds.VOLUME_CLAIM.kind: _volume_claim,
    kinds.SERVICE.kind: _service,
    kinds.NETWORK_POLICY.kind: _network_policy,
    kinds.AUTOSCALER.kind: _autoscaler,
    kinds.INGRESS.kind: _ingress,
    kinds.HTTP_ROUTE.kind: _http_route,
    kinds.POD.kind: pod,
    kinds.SECRET.kind: _secret,
    kinds.STACK.kind: _stack,
}
