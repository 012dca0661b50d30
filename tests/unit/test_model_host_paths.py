"""Which paths of a node lead to a container runtime's socket, however they are spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.model.host_paths import Reach, climbs, reach
from support.definitions.node_paths import ABOVE, OTHERS, SOCKETS


@pytest.mark.parametrize("path", SOCKETS)
def test_a_socket_is_one_however_it_is_spelled(path: str) -> None:
    assert reach(path) is Reach.SOCKET


@pytest.mark.parametrize("path", ABOVE)
def test_a_folder_with_a_socket_somewhere_below_is_known(path: str) -> None:
    assert reach(path) is Reach.ABOVE


@pytest.mark.parametrize("path", OTHERS)
def test_other_paths_are_not(path: str) -> None:
    assert reach(path) is Reach.NOTHING


@given(st.sampled_from([*SOCKETS, *ABOVE, *OTHERS]), st.data())
def test_blanks_between_the_steps_change_nothing(path: str, data: st.DataObject) -> None:
    steps = path.split("/")
    spelled = "".join(step + data.draw(st.sampled_from(["/", "//", "/./", "///././"])) for step in steps)
    assert reach(f"/{spelled}") is reach(path)


@given(st.sampled_from([path for path in SOCKETS if not climbs(path)]))
def test_what_is_above_a_socket_is_never_nothing(path: str) -> None:
    steps = [step for step in path.split("/") if step not in ("", ".")]
    known = ("mnt", "srv")
    for length in range(len(steps)):
        above = "/" + "/".join(steps[:length])
        assert steps[0] in known or reach(above) is not Reach.NOTHING, above
