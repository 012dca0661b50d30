"""Plans a service that is stopped: the same workload, of which nothing runs."""

from ailtire_operator import naming
from ailtire_operator.plan.types import Manifest


def stop(workload: Manifest) -> None:
    """Change the workload so that its pods end, in the way that its kind has for it.

    A DaemonSet has no count: it keeps its pods on nodes with a label that none has. A Job that has ended stays.
    """
    spec = workload["spec"]
    match workload["kind"]:
        case "DaemonSet":
            pod = spec["template"]["spec"]
            selector = {**pod.get("nodeSelector", {}), naming.LABEL_STOPPED: "true"}
            spec["template"] = {**spec["template"], "spec": {**pod, "nodeSelector": selector}}
        case "Job":
            spec["suspend"] = True
        case _:
            spec["replicas"] = 0
