"""Which differences are meant, and why; the test fails on any other, and on one of these that is gone."""

from e2e.parity.facts import ENVIRONMENT, NAME, REACH, ROUTE, STOP, UNKNOWN
from e2e.parity.table import ABSENT, Expected

HEADINGS = {
    ENVIRONMENT: "Every variable that the container has, whoever set it.",
    NAME: "Whom the image's C library finds behind a name (`cpl/dm/tool` and `cpl/web` have musl, the others glibc).",
    REACH: (
        "Who can open a TCP connection to whom, by address, on the port where the other listens. The containers were "
        "asked to call each other, and the right one had to answer. On Kubernetes the NetworkPolicies were in force "
        "meanwhile: by the network plugin or, where it enforces none, by nftables rules that the tests make of the "
        "policies. Gateways and redis are called, and call nobody here."
    ),
    ROUTE: (
        "What is answered from outside, by way of the gateways, and what a container is answered by its own gateway: "
        "status, who it was, the path that arrived there, and the prefix that was taken off."
    ),
    STOP: (
        "What the process sees when it is stopped. `stopSignal` is SIGINT for `par/web` and SIGQUIT for "
        "`par/cpl/dm/tool`; `par/cpl/Policy_Engine` has a `stopGracePeriod` of 4s and wants a minute."
    ),
}

EXPECTED = (
    Expected(
        ENVIRONMENT,
        "A pod's name is its own; Swarm names a task by its service and slot.",
        key="AILTIRE_STACKNAME",
        kubernetes="⟨pod⟩",
        swarm="par*_*-1",
    ),
    Expected(
        ENVIRONMENT,
        "The gateway of its stack: the name of its Service, or `admin`, as which it answers here and there.",
        subject="*/*",
        key="AILTIRE_PARENTHOST",
        kubernetes="par*",
        swarm="admin",
    ),
    Expected(
        ENVIRONMENT,
        "The gateway of the stack above: what its Service is called, or its service in Swarm.",
        key="AILTIRE_PARENTHOST",
        kubernetes="par*",
        swarm="par*_stack-gateway",
    ),
    Expected(
        ENVIRONMENT,
        "No network has this name on Kubernetes: it is spelled as upstream spells it. In Swarm it is the name of one.",
        key="AILTIRE_PARENT_NETWORK",
        kubernetes="par_*_family",
        swarm="par*_siblings",
    ),
    Expected(
        ENVIRONMENT,
        "The operator takes the slot from the pod, for the placeholder `{{.Task.Slot}}` in another variable.",
        key="AILTIRE_TASK_SLOT",
        kubernetes="1",
        swarm=ABSENT,
    ),
    Expected(
        ENVIRONMENT,
        "The container's host name, where the spec gives none.",
        key="HOSTNAME",
        kubernetes="⟨pod⟩",
        swarm="⟨container⟩",
    ),
    Expected(
        ENVIRONMENT,
        "Kubernetes tells every container where its API is.",
        key="KUBERNETES_*",
        swarm=ABSENT,
    ),
    Expected(
        NAME,
        "Names of objects resolve in the whole namespace; policies keep stacks apart, not names.",
        key="par*",
        kubernetes="par*",
        swarm=UNKNOWN,
    ),
    Expected(
        NAME,
        "Kubernetes has no host names with `_`; the key answers in its sanitised form, here and there.",
        key="[Pp]olicy_[Ee]ngine",
        kubernetes=UNKNOWN,
        swarm="par/cpl/Policy_Engine",
    ),
    Expected(
        NAME,
        "Swarm calls every service by its key in the file, and by its stack's name and that, in each of its networks.",
        key="par*_*",
        kubernetes=UNKNOWN,
        swarm="par*",
    ),
    Expected(
        NAME,
        "The gateways' key in the file, in each of their networks. Nobody is told to use it.",
        key="stack-gateway",
        kubernetes=UNKNOWN,
        swarm="par*",
    ),
    Expected(
        NAME,
        "Swarm's own name for the tasks of a service; import writes `web` for it.",
        key="tasks.*",
        kubernetes=UNKNOWN,
        swarm="par*",
    ),
    Expected(
        REACH,
        "The root has an edge, which opens its gateway to whoever calls, pods too. "
        "In Swarm the port of the node does that.",
        key="par",
        kubernetes="open",
        swarm="closed",
    ),
)
