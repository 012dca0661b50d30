"""How the check of a stack (``spec.verify``) has gone, by its Job and the Job's pods. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ailtire_operator import printable
from ailtire_operator.status.conditions import VERIFICATION_FAILED, VERIFYING
from ailtire_operator.status.health import pod_trouble
from ailtire_operator.status.observed import LiveObject, Problem, Summary

if TYPE_CHECKING:
    from ailtire_operator.model.status import VerificationStatus

Phase = Literal["Pending", "Running", "Passed", "Failed"]
_SUBJECT: Final = "verify"
_OUTPUT: Final = 1024
"""Characters of the output in a status: the last ones."""


@dataclass(frozen=True, slots=True)
class Check:
    """The check of the definition that the stack has now."""

    job: str
    phase: Phase
    message: str = ""
    """Why it has not passed."""
    output: str = ""
    """The last lines of a failed check."""
    stopped: bool = False
    """Whether something that it might need is stopped: nobody waits for it then."""

    @property
    def problem(self) -> Problem | None:
        """Why the stack is not ready, where all of its members are."""
        if self.phase == "Passed" or self.stopped:
            return None
        failed = self.phase == "Failed"
        reason = VERIFICATION_FAILED if failed else VERIFYING
        return Problem(reason, self.message, transient=not failed, subject=_SUBJECT)

    def status(self, old: Any) -> "VerificationStatus":
        """As the status has it. ``old``: the one before, whose output stays when the pod that said it has gone."""
        from ailtire_operator.model.status import VerificationStatus

        output = self.output
        if not output and self.phase == "Failed" and isinstance(old, dict) and old.get("job") == self.job:
            output = str(old.get("output") or "")
        return VerificationStatus(job=self.job, phase=self.phase, output=ending(output))


def check_of(name: str, job: LiveObject | None, pods: Sequence[Summary]) -> Check:
    """The check whose Job has this name; ``pods`` are those of this Job."""
    if job is None:
        return Check(name, "Pending", "the check starts when everything else is ready")
    conditions = job.summary.get("conditions") or {}
    if conditions.get("Complete", ("",))[0] == "True":
        return Check(name, "Passed")
    status, reason, _ = conditions.get("Failed", ("", "", ""))
    if status == "True":
        output = next((str(each["said"]) for each in pods if each.get("said")), "")
        return Check(name, "Failed", _failure(reason, pods, output), output)
    trouble = next(filter(None, map(pod_trouble, pods)), None)
    return Check(name, "Running", f"the check is running{f': {trouble}' if trouble else ''}")


def _failure(reason: str, pods: Sequence[Summary], output: str) -> str:
    lines = [line for line in ending(output).splitlines() if line.strip()]
    said = f": {lines[-1].strip()}" if lines else ""
    if reason == "DeadlineExceeded":
        return f"the check has not ended in time{said}"
    codes = (container.get("exitCode") for pod in pods for container in (pod.get("containers") or {}).values())
    code = next((each for each in codes if each), None)
    return f"the check has failed{f' with exit code {code}' if code is not None else ''}{said}"


def ending(text: str) -> str:
    """The last lines of a text, printable; whole lines where there is more than one."""
    shown = printable.lines(text.rstrip())
    if len(shown) <= _OUTPUT:
        return shown
    cut = shown[-_OUTPUT:]
    return cut.partition("\n")[2] or cut
