"""What a control plane leaves on disk about itself, so that a later session finds it and can stop it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lab.processes import Process


@dataclass
class State:
    """The processes of one control plane, in the order in which they started."""

    url: str = ""
    token: str = ""
    processes: dict[str, Process] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it; nothing runs where there is no file or only half of one."""
        try:
            content = json.loads(path.read_text())
            processes = {name: Process(**each) for name, each in content["processes"].items()}
            return cls(content["url"], content["token"], processes)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        processes = {name: process.to_json() for name, process in self.processes.items()}
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps({"url": self.url, "token": self.token, "processes": processes}, indent=1))
        partial.rename(path)
