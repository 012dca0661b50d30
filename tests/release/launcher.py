#!/usr/bin/env python3
"""Starts `kubectl ailtire` from the archive that this file lies in, with a Python that the archive is for."""

# Read by any Python 3: one that is too old shall say so.
import os
import shutil
import sys

FUNCTION = "main"


def start():  # type: ignore[no-untyped-def]  # annotations are no more than comments to an old one
    """Run the plugin in this process, or in that of another Python of this machine."""
    library = os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib")
    versions = sorted((name for name in os.listdir(library) if name != "any"), key=lambda name: int(name[2:]))
    here = "%d.%d" % sys.version_info[:2]
    if here not in versions:
        for version in reversed(versions):
            other = shutil.which("python" + version)
            if other and os.environ.get("AILTIRE_PYTHON_TRIED") != here:
                os.environ["AILTIRE_PYTHON_TRIED"] = here
                os.execv(other, [other, os.path.realpath(__file__), *sys.argv[1:]])
        sys.exit(
            "kubectl-ailtire: this archive is for Python %s, and python3 is %s here; "
            "with another version: pip install the wheel of this release" % (", ".join(versions), here)
        )
    sys.path[:0] = [os.path.join(library, here), os.path.join(library, "any")]
    from ailtire_operator import cli

    getattr(cli, FUNCTION)()


start()  # type: ignore[no-untyped-call]
