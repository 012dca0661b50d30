"""The manifest by which krew installs the plugin."""

from collections.abc import Mapping
from typing import Any

import yaml

from release import plugin
from release.versions import Release

PLUGIN = "ailtire"
FILE = f"{PLUGIN}.yaml"
"""krew wants the file to have the plugin's name."""


def archive_name(version: str, machine: str) -> str:
    """Return the file name of the archive for a machine."""
    return f"kubectl-ailtire-{version}-linux-{machine}.tar.gz"


def manifest(release: Release, checksums: Mapping[str, str]) -> str:
    """Return it, for archives with these checksums by machine."""
    data: dict[str, Any] = {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": PLUGIN},
        "spec": {
            "version": f"v{release.version}",
            "homepage": release.address,
            "shortDescription": "Look after trees of services (AiltireStacks)",
            "description": (
                "Shows, checks, previews, imports and exports AiltireStacks: applications that are a tree of stacks,\n"
                "which the Ailtire operator runs. Most commands read the cluster alone; validate, render and import\n"
                "need none.\n"
            ),
            "caveats": (
                f"Needs Python {plugin.PYTHONS[0]} to {plugin.PYTHONS[-1]} as python3 (or python3.x) on the PATH, and\n"
                "glibc. For 'kubectl ailtire <TAB>', in every shell that completes kubectl, after each upgrade:\n"
                "  ln -sf ~/.krew/store/ailtire/*/kubectl_complete-ailtire ~/.krew/bin/\n"
            ),
            "platforms": [
                {
                    "selector": {"matchLabels": {"os": "linux", "arch": machine}},
                    "uri": f"{release.address}/{archive_name(release.version, machine)}",
                    "sha256": checksum,
                    "bin": "kubectl-ailtire",
                }
                for machine, checksum in checksums.items()
            ],
        },
    }
    return yaml.safe_dump(data, sort_keys=False)
