"""``validate`` against a real API server: they refuse the same documents; ``make agreement`` tries many more."""

import pytest

from agreement.documents import AROUND, Document
from agreement.judging import judge
from agreement.running import Tally, run
from ailtire_operator import naming
from lab import ControlPlane, Operator
from support.kube.trees import tree

DOCUMENTS = 60
SEED = 13


@pytest.mark.slow
def test_validate_refuses_exactly_what_the_server_and_the_operator_refuse(
    control_plane: ControlPlane, installed_operator: Operator
) -> None:
    tally = Tally()
    run(control_plane.api, DOCUMENTS, SEED, tally)
    assert not tally.disagreements, "\n\n".join(map(str, tally.disagreements))
    assert tally.valid + tally.refused >= DOCUMENTS
    assert min(tally.valid, tally.refused) > DOCUMENTS // 10


def test_they_are_of_one_mind_about_what_stands_around_a_definition(
    control_plane: ControlPlane, installed_operator: Operator
) -> None:
    tally = Tally()
    for what, change in AROUND.items():
        metadata = {"name": "shop", "namespace": "default"}
        whole = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": tree()}
        change(whole)
        tally.add(judge(control_plane.api, Document(whole, what)))
    assert not tally.disagreements, "\n\n".join(map(str, tally.disagreements))
    assert min(tally.valid, tally.refused) > len(AROUND) // 10
