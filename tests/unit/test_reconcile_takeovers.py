"""What a definition names: all of a stack are taken over, or none, and no claim is made in place of one."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import Rehearsal
from ailtire_operator.cluster.errors import ClusterError, Conflict, Denied, Invalid, Unavailable
from ailtire_operator.cluster.kinds import VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.reconcile import takeovers
from ailtire_operator.status.conditions import PROGRESSING
from support.fake_cluster.records import NAMESPACE, put
from support.fake_cluster.world import World

Json = dict[str, Any]

ROWS = Ref(VOLUME_CLAIM.kind, NAMESPACE, "shop--rows--data")
THEIRS = Ref(VOLUME_CLAIM.kind, NAMESPACE, "theirs")
WEB = Ref("Deployment", NAMESPACE, "shop-web")
ADOPT: Json = {"adopt": True, "retain": True}
LACKS = 'User "system:serviceaccount:shop:tenant" cannot patch resource "persistentvolumeclaims"'


def spec(**data: Json) -> Json:
    volumes = {key: {"source": key, "target": f"/{key}"} for key in data}
    return {"services": {"web": {"image": "web:1", "user": "1000", "volumes": volumes}}, "data": data}


BOTH = spec(rows=ADOPT, more={**ADOPT, "claim": "theirs"})


def claim(ref: Ref, version: int = 7, size: str = "1Gi", **metadata: Any) -> Json:
    found = ref.address(uid=f"uid-of-{ref.name}", resourceVersion=str(version))
    found["metadata"] |= metadata
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {**found, "spec": wanted}


def world_with(*claims: Json) -> World:
    world = World()
    world.cluster.strangers = {Ref.of(each): each for each in claims}
    return world


def touched(world: World) -> list[str]:
    """What was done about claims and the workload that mounts them."""
    return [each for each in world.cluster.journal if "Claim" in each or "Deployment" in each]


def test_all_are_tried_before_any_is_written_and_the_workload_comes_after() -> None:
    world = world_with(claim(ROWS), claim(THEIRS, 9))
    done = world.execute(world.write(BOTH))
    assert (done.problems, set(done.adopted)) == ({}, {ROWS, THEIRS})
    assert touched(world) == [
        f"rehearse {THEIRS}", f"rehearse {ROWS}",
        f"take {THEIRS} in version 9", f"take {ROWS} in version 7",
        f"apply {THEIRS}", f"apply {ROWS}",
        f"apply {WEB}",
    ]  # fmt: skip
    assert not world.execute(world.write(BOTH)).problems
    assert touched(world) == [], "nothing is asked or written any more"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (None, "spec.data.more.adopt: there is no PersistentVolumeClaim theirs to take over; create it"),
        (claim(THEIRS, ownerReferences=[{"kind": "StatefulSet", "name": "db"}]), "it belongs to StatefulSet db"),
        (claim(THEIRS, size="9Gi"), "set its size to 9Gi or more"),
        (claim(THEIRS, labels={naming.LABEL_STACK: "other"}), "it is or was part of a stack"),
        (claim(THEIRS, deletionTimestamp="2026-01-01T00:00:00Z"), "it is being deleted"),
    ],
)
def test_where_one_is_refused_none_is_taken_over_or_made(theirs: Json | None, said: str) -> None:
    world = world_with(claim(ROWS), *([theirs] if theirs else []))
    done = world.execute(world.write(BOTH))
    goes = theirs is not None and "deletionTimestamp" in theirs["metadata"]
    reasons = {ref: each.reason for ref, each in done.problems.items()}
    assert reasons == {ROWS: "Conflicting", THEIRS: PROGRESSING if goes else "Conflicting"}
    assert said in done.problems[THEIRS].message
    assert done.problems[THEIRS].message.startswith("spec.data.more.adopt: ")
    assert done.problems[ROWS].message.startswith("spec.data.rows.adopt: ")
    assert f"together with {THEIRS}" in done.problems[ROWS].message
    assert touched(world) == [f"rehearse {THEIRS}", f"rehearse {ROWS}"], "no claim is written, and nothing mounts one"
    assert done.waiting["web"].reason in reasons.values()
    if theirs is not None and not goes:
        assert str(THEIRS) in world.followed, "once it goes or changes hands, the stack tries again"


def test_what_runs_runs_on_where_a_takeover_is_refused() -> None:
    world = World()
    world.execute(world.write({"services": {"web": {"image": "web:1", "user": "1000"}, "old": {"image": "old:1"}}}))
    world.cluster.strangers = {ROWS: claim(ROWS, size="9Gi")}
    world.execute(world.write(spec(rows=ADOPT)))
    assert touched(world) == [f"rehearse {ROWS}"], "no workload is changed, and none is taken away"


ANSWERS: list[tuple[ClusterError, str]] = [
    (Invalid("no"), "Conflicting"),
    (Denied("exceeded quota"), "Conflicting"),
    (Denied(LACKS), "Forbidden"),
    (Conflict("it has changed"), PROGRESSING),
    (Unavailable("later"), PROGRESSING),
]


@pytest.mark.parametrize(("error", "reason"), ANSWERS)
@pytest.mark.parametrize("when", ["rehearse", "take"])
def test_what_the_api_server_answers(error: ClusterError, reason: str, when: str) -> None:
    world = world_with(claim(ROWS), claim(THEIRS))
    world.cluster.refuses = {f"{when} {THEIRS}": error}
    done = world.execute(world.write(BOTH))
    assert done.problems[THEIRS].reason == reason
    assert done.problems[THEIRS].transient == (reason == PROGRESSING)
    assert f"take {THEIRS}" not in " ".join(touched(world))
    assert f"apply {WEB}" not in touched(world)
    if when == "rehearse":
        assert done.problems[ROWS].transient == (reason != "Conflicting"), "it may pass as soon as the other does"
        assert f"take {ROWS}" not in " ".join(touched(world))


def test_what_was_refused_is_not_asked_again_for_a_change_of_status() -> None:
    world = world_with(claim(ROWS))
    record = world.write(BOTH)
    first = world.execute(record)
    again = world.execute(record, retry_refused=False)
    assert (again.problems, touched(world)) == (first.problems, [])
    world.cluster.strangers[THEIRS] = claim(THEIRS)
    assert not world.execute(record, retry_refused=True).problems


OTHERS = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_ROOT: "other", naming.LABEL_STACK: "other"}


@pytest.mark.parametrize("owned", [False, True])
def test_a_claim_of_another_stack_keeps_all_others_from_being_taken_over(owned: bool) -> None:
    world = world_with(claim(ROWS), claim(THEIRS, labels=OTHERS))
    other = world.write(spec(), "other")
    put(world.store, THEIRS.kind, THEIRS.name, labels=OTHERS, owner=other if owned else None)
    done = world.execute(world.write(BOTH))
    assert not [each for each in touched(world) if each.startswith("take")]
    assert f"together with {THEIRS}" in done.problems[ROWS].message
    if not owned:
        assert "once no stack has it, remove its labels" in done.problems[THEIRS].message


@pytest.mark.parametrize("asked", [False, True])
def test_what_the_stack_has_lost_is_adopted_by_the_annotation_alone(asked: bool) -> None:
    """A restored claim, without the label of a retained one."""
    world = world_with(claim(ROWS))
    lost = {
        naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
        naming.LABEL_ROOT: "shop",
        naming.LABEL_STACK: "shop",
        naming.LABEL_VOLUME: "more",
    }
    put(world.store, THEIRS.kind, THEIRS.name, labels=lost)
    record = world.write(BOTH, annotations={naming.ANNOTATION_ADOPT: "true"} if asked else None)
    world.execute(record)
    assert (f"take {ROWS} in version 7" in touched(world)) is asked
    assert f"rehearse {THEIRS}" not in touched(world), "what has lost its owner is not tried"


def test_a_claim_that_was_taken_over_and_is_gone_is_not_made_again_empty() -> None:
    world = world_with(claim(ROWS))
    record = world.write(spec(rows=ADOPT))
    world.execute(record)
    live = world.store.get(ROWS)
    assert live is not None
    world.store.remove(ROWS, live.uid)
    world.cluster.strangers.clear()
    done = world.execute(record)
    assert "there is no PersistentVolumeClaim shop--rows--data" in done.problems[ROWS].message
    assert world.store.get(ROWS) is None


@pytest.mark.parametrize("after", [{"retain": True}, None], ids=["adopted no longer", "edited away"])
def test_an_edit_afterwards_asks_for_nothing_and_deletes_nothing(after: Json | None) -> None:
    world = world_with(claim(ROWS))
    world.execute(world.write(spec(rows=ADOPT)))
    world.roll_out()
    world.execute(world.write(spec(rows=after) if after else spec()))
    world.roll_out()
    world.execute(world.write(spec(rows=after) if after else spec()))
    assert not [each for each in world.cluster.journal if "Claim" in each]
    kept = world.store.get(ROWS)
    assert kept is not None
    assert kept.owner_uid is None


def test_an_event_names_what_was_taken_over() -> None:
    world = world_with(claim(ROWS))
    world.write(spec(rows=ADOPT))
    world.reconcile()
    assert "event Adopted AiltireStack shop" in world.cluster.journal


def test_one_that_goes_while_another_is_tried_is_not_made_empty() -> None:
    world = world_with(claim(ROWS))
    world.execute(world.write(spec(rows=ADOPT)))
    world.cluster.strangers = {THEIRS: claim(THEIRS)}
    rehearse = world.cluster.rehearse

    async def meanwhile(manifest: Manifest, owner_uid: str) -> Rehearsal:
        tried = await rehearse(manifest, owner_uid)
        if (live := world.store.get(ROWS)) is not None:
            world.store.remove(ROWS, live.uid)
        return tried

    world.cluster.rehearse = meanwhile  # type: ignore[method-assign]
    done = world.execute(world.write(BOTH))
    assert f"there is no {ROWS} to take over" in done.problems[ROWS].message
    assert f"apply {ROWS}" not in world.cluster.journal


DB = Ref("Deployment", NAMESPACE, "shop-db")
SERVICE = Ref("Service", NAMESPACE, "shop-web")
LACKS_WORKLOADS = 'User "system:serviceaccount:shop:tenant" cannot patch resource "deployments"'


def selector(service: str) -> dict[str, str]:
    return {
        naming.LABEL_STACK: "shop",
        naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
        naming.LABEL_SERVICE: service,
    }


def workload(ref: Ref, service: str, matches: Json | None = None, **metadata: Any) -> Json:
    """A Deployment of somebody else, with the selector of a service of the stack."""
    found = ref.address(uid=f"uid-of-{ref.name}", resourceVersion="7")
    found["metadata"] |= metadata
    pods = {"spec": {"containers": [{"name": service}]}}
    return {**found, "spec": {"selector": {"matchLabels": matches or selector(service)}, "template": pods}}


def members(**fields: Json) -> Json:
    plain = {"image": "web:1", "user": "1000"}
    return {"services": {key: {**plain, "adopt": True, **fields.get(key, {})} for key in ("web", "db")}}


def written(world: World) -> list[str]:
    return [each for each in touched(world) if not each.startswith("rehearse")]


def test_deployments_are_tried_first_and_taken_over_after_what_they_need() -> None:
    world = world_with(workload(WEB, "web"), claim(ROWS))
    wanted = spec(rows=ADOPT)
    wanted["services"]["web"]["adopt"] = True
    done = world.execute(world.write(wanted))
    assert (done.problems, done.adopted) == ({}, [WEB, ROWS])
    assert touched(world) == [
        f"rehearse {ROWS}", f"rehearse {WEB}", f"take {ROWS} in version 7", f"apply {ROWS}", f"apply {WEB}",
    ]  # fmt: skip
    journal = world.cluster.journal
    assert journal.index(f"rehearse {SERVICE}") < journal.index(f"apply {SERVICE}") < journal.index(f"apply {WEB}")
    assert not world.execute(world.write(wanted)).problems
    assert world.cluster.journal == [], "nothing is asked or written any more"
    wanted["services"]["web"].pop("adopt")
    assert not world.execute(world.write(wanted)).problems
    assert world.cluster.journal == [], "nor where it is said no more"


def test_where_there_is_no_deployment_one_is_made() -> None:
    world = world_with(workload(DB, "db"))
    done = world.execute(world.write(members()))
    assert (done.problems, done.adopted) == ({}, [DB])
    assert written(world) == [f"apply {DB}", f"apply {WEB}"]


_SELECTOR = "its selector differs at matchLabels.app and cannot be changed"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (workload(WEB, "web", {"app": "web"}), _SELECTOR),
        (workload(WEB, "web", ownerReferences=[{"kind": "Chart", "name": "web"}]), "it belongs to Chart web"),
        (workload(WEB, "web", labels={naming.LABEL_STACK: "other"}), "it is or was part of a stack"),
    ],
)
def test_where_one_deployment_is_refused_nothing_is_taken_over(theirs: Json, said: str) -> None:
    world = world_with(theirs, workload(DB, "db"), claim(ROWS))
    wanted = {**members(), "data": {"rows": ADOPT}}
    done = world.execute(world.write(wanted))
    assert {ref: each.reason for ref, each in done.problems.items()} == dict.fromkeys((WEB, DB, ROWS), "Conflicting")
    assert done.problems[WEB].message.startswith(f"spec.services.web.adopt: {WEB} exists already")
    assert said in done.problems[WEB].message
    assert done.problems[DB].message.startswith("spec.services.db.adopt: ")
    assert f"together with {WEB}" in done.problems[DB].message
    assert f"together with {WEB}" in done.problems[ROWS].message
    assert written(world) == []
    assert str(WEB) in world.followed, "once it goes or changes hands, the stack tries again"


def test_a_claim_that_is_missing_keeps_deployments_from_being_taken_over() -> None:
    world = world_with(workload(WEB, "web"))
    done = world.execute(world.write({**members(db={"adopt": False}), "data": {"rows": ADOPT}}))
    assert "there is no PersistentVolumeClaim" in done.problems[ROWS].message
    assert f"together with {ROWS}" in done.problems[WEB].message
    assert f"apply {WEB}" not in written(world)


@pytest.mark.parametrize("deleting", [False, True])
def test_a_service_of_somebody_else_keeps_its_deployment_from_being_taken_over(deleting: bool) -> None:
    theirs = SERVICE.address(uid="s", resourceVersion="3")
    theirs["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
    world = world_with(workload(WEB, "web"), {**theirs, "spec": {}}, claim(ROWS))
    record = world.write({**members(db={"adopt": False}), "data": {"rows": ADOPT}})
    done = world.execute(record)
    problem = done.problems[WEB]
    assert "Service shop-web exists too, and no Service is taken over; delete it" in problem.message
    assert (problem.reason, problem.transient) == (PROGRESSING if deleting else "Conflicting", deleting)
    assert written(world) == [f"apply {DB}"]
    del world.cluster.strangers[SERVICE]
    again = world.execute(record)
    assert (again.problems, again.adopted) == ({}, [WEB, ROWS])


def test_the_stacks_own_service_is_in_nobodys_way() -> None:
    world = world_with(workload(WEB, "web"))
    left = world.execute(world.write(members(web={"adopt": False})))
    assert left.problems[WEB].reason == "Conflicting"
    assert world.store.get(SERVICE) is not None
    assert world.execute(world.write(members())).adopted == [WEB]


@pytest.mark.parametrize(("error", "reason"), [*ANSWERS, (Denied(LACKS_WORKLOADS), "Forbidden")])
def test_what_the_api_server_answers_to_the_dry_run_of_a_deployment(error: ClusterError, reason: str) -> None:
    world = world_with(workload(WEB, "web"), workload(DB, "db"))
    world.cluster.refuses = {f"rehearse {WEB}": error}
    done = world.execute(world.write(members()))
    assert done.problems[WEB].reason == reason
    assert done.problems[DB].reason == ("Conflicting" if reason == "Conflicting" else PROGRESSING)
    assert written(world) == []


def test_a_member_that_waits_is_taken_over_when_it_is_due() -> None:
    world = world_with(workload(WEB, "web"), workload(DB, "db"))
    wanted = members(web={"dependsOn": {"db": {"condition": "healthy"}}})
    done = world.execute(world.write(wanted))
    assert (done.problems, done.adopted) == ({}, [DB])
    world.roll_out()
    done = world.execute(world.write(wanted))
    assert (done.problems, done.adopted) == ({}, [WEB])


def test_what_was_refused_is_not_asked_again_for_a_change_of_status_but_once_it_has_gone() -> None:
    world = world_with(workload(WEB, "web", {"app": "web"}))
    record = world.write(members(db={"adopt": False}))
    first = world.execute(record)
    again = world.execute(record, retry_refused=False)
    assert (again.problems, touched(world)) == (first.problems, [])
    world.cluster.strangers.clear()
    assert not world.execute(record, retry_refused=True).problems


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("owned", [False, True])
def test_what_the_stack_has_lost_or_another_has(asked: bool, owned: bool) -> None:
    """What has lost its owner is named by the definition, or the root's annotation lets all such be adopted."""
    world = world_with(workload(DB, "db"))
    other = world.write(members(), "other")
    labels = {naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop", naming.LABEL_SERVICE: "web"}
    live = {"selector": {"matchLabels": selector("web")}}
    put(world.store, WEB.kind, WEB.name, labels=labels, owner=other if owned else None, spec=live)
    world.cluster.strangers |= {} if owned else {WEB: workload(WEB, "web", labels=labels)}
    record = world.write(members(), annotations={naming.ANNOTATION_ADOPT: "true"} if asked else None)
    done = world.execute(record)
    assert (f"rehearse {WEB}" in touched(world)) is (not owned and not asked)
    assert (DB in done.adopted) is not owned, "it is taken over together with the other"


def test_a_deployment_that_leaves_the_definition_goes_as_any_other() -> None:
    world = world_with(workload(WEB, "web"))
    world.execute(world.write(members(db={"adopt": False})))
    world.roll_out()
    world.execute(world.write({"services": {"db": {"image": "web:1", "user": "1000"}}}))
    assert f"delete {WEB}" in world.cluster.journal


def test_a_service_that_cannot_be_written_keeps_its_deployment_as_it_is() -> None:
    """A quota of Services, which no dry run of a takeover asks for."""
    world = world_with(workload(WEB, "web"), workload(DB, "db"))
    world.cluster.refuses = {f"apply {SERVICE}": Denied("exceeded quota")}
    record = world.write(members(web={"policies": {"scaling": {"min": 2, "max": 4, "cpu": 70}}}))
    done = world.execute(record)
    assert (set(done.problems), done.adopted) == ({SERVICE}, [DB])
    autoscaler = Ref("HorizontalPodAutoscaler", NAMESPACE, "shop-web")
    assert autoscaler not in world.cluster.manifests, "it would scale what is left as it is"
    world.cluster.refuses.clear()
    assert world.execute(record).adopted == [WEB]
    assert autoscaler in world.cluster.manifests


@pytest.mark.parametrize("asks", [False, True])
def test_whether_the_root_adopts_is_asked_once_before_the_trial_and_once_after_it(
    monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    """Not for each object that is named; and what the root says by then counts."""
    world = world_with(claim(ROWS))
    lost = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop"}
    put(world.store, THEIRS.kind, THEIRS.name, labels={**lost, naming.LABEL_VOLUME: "more"})
    asked: list[bool] = []

    def adopts(*_: object) -> bool:
        asked.append(f"rehearse {ROWS}" in world.cluster.journal)
        return asks and asked[-1]

    monkeypatch.setattr(takeovers, "adopts", adopts)
    world.execute(world.write(BOTH))
    assert asked == [False, True]
    assert (f"take {ROWS} in version 7" in touched(world)) is asks
