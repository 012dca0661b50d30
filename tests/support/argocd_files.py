"""What in manifests/argocd is made from something else: Argo CD's test data, and the scripts as parts of argocd-cm.

``python -m support.argocd_files`` writes it.
"""

from pathlib import Path
from typing import Any, Final

import yaml

from lab.paths import ROOT
from support.stack_states import SPEC, State, states

FOLDER: Final = ROOT / "manifests" / "argocd"
SCRIPTS: Final = FOLDER / "resource_customizations" / "ailtire.io" / "AiltireStack"
"""As Argo CD's own repository has such a folder for each kind that it knows."""
ACTIONS: Final = ("restart", "start", "stop", "suspend", "resume")
RESTARTED: Final = "0001-01-01T00:00:00Z"
"""The time that Argo CD's tests put in the place of now."""
_KEY: Final = "ailtire.io_AiltireStack"


class _Dumper(yaml.SafeDumper):
    """Writes texts of many lines as they are, and repeated parts in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dumped(data: Any) -> str:
    """As YAML, in the order in which it is."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=200)


def files() -> dict[Path, str]:
    """Every file that is made, by its path."""
    found: dict[Path, str] = {}
    known = list(states())
    for state in known:
        found[SCRIPTS / "testdata" / f"{state.name}.yaml"] = dumped(dict(state.stack))
    found[SCRIPTS / "health_test.yaml"] = dumped({"tests": [_health_test(each) for each in known]})
    found |= _action_tests()
    found[FOLDER / "argocd-cm.yaml"] = _config_map()
    return found


def write() -> None:
    """Write every file, and remove test data of states that are none any more."""
    made = files()
    for path in SCRIPTS.rglob("testdata/*.yaml"):
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _health_test(state: State) -> dict[str, Any]:
    verdict = {"status": state.argocd, "message": state.message}
    return {"inputPath": f"testdata/{state.name}.yaml", "healthStatus": verdict}


def _root(**fields: Any) -> dict[str, Any]:
    metadata = {"name": "shop", "namespace": "prod"}
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": metadata, "spec": SPEC | fields}


def _action_tests() -> dict[Path, str]:
    child = _root(place={"root": "shop", "parent": "shop", "parentKey": "orders", "depth": 1})
    objects = {
        "running": _root(),
        "restarted": _root(restartedAt=RESTARTED),
        "stopped": _root(stopped=True),
        "suspended": _root(suspend=True),
        "child": child,
        "template": _root(templateOnly=True),
    }
    offered = {
        "running": {"restart", "stop", "suspend"},
        "restarted": {"restart", "stop", "suspend"},
        "stopped": {"start", "suspend"},
        "suspended": {"stop", "resume"},
        "child": set[str](),
        "template": set[str](),
    }
    names = {
        "restart": "Restart",
        "start": "Start",
        "stop": "Stop",
        "suspend": "Suspend the operator's work",
        "resume": "Resume the operator's work",
    }
    discovery = [
        {
            "inputPath": f"testdata/{name}.yaml",
            "result": [
                {"name": each, "disabled": each not in offered[name], "displayName": names[each]} for each in ACTIONS
            ],
        }
        for name in objects
    ]
    steps = (
        ("restart", "running", "restarted"),
        ("restart", "restarted", "restarted"),
        ("stop", "running", "stopped"),
        ("start", "stopped", "running"),
        ("suspend", "running", "suspended"),
        ("resume", "suspended", "running"),
    )
    actions = [
        {"action": action, "inputPath": f"testdata/{before}.yaml", "expectedOutputPath": f"testdata/{after}.yaml"}
        for action, before, after in steps
    ]
    made = {SCRIPTS / "actions" / "testdata" / f"{name}.yaml": dumped(each) for name, each in objects.items()}
    made[SCRIPTS / "actions" / "action_test.yaml"] = dumped({"discoveryTests": discovery, "actionTests": actions})
    return made


def _config_map() -> str:
    definitions = [
        {"name": name, "action.lua": (SCRIPTS / "actions" / name / "action.lua").read_text()} for name in ACTIONS
    ]
    actions = {
        "discovery.lua": (SCRIPTS / "actions" / "discovery.lua").read_text(),
        "definitions": definitions,
    }
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "argocd-cm",
            "namespace": "argocd",
            "labels": {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"},
        },
        "data": {
            f"resource.customizations.health.{_KEY}": (SCRIPTS / "health.lua").read_text(),
            f"resource.customizations.actions.{_KEY}": dumped(actions),
        },
    }
    head = (
        "# What Argo CD has to know of an AiltireStack, to be merged into its own argocd-cm:\n"
        "#   kubectl patch configmap argocd-cm -n argocd --patch-file manifests/argocd/argocd-cm.yaml\n"
        "# It is made of the files in resource_customizations: python -m support.argocd_files\n"
    )
    return head + dumped(config)


if __name__ == "__main__":
    write()
