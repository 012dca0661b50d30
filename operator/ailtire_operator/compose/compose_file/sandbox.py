"""Runs a program confined by Landlock: ``python sandbox.py PLAN PROGRAM ARG...``

Landlock (Linux 5.13) restricts file access and network of an unprivileged process and its children, irrevocably. The C
library has no functions for it yet, so the three system calls are made by their numbers, which are the same on all
architectures named below
(https://docs.kernel.org/userspace-api/landlock.html).

This file is a separate program that only imports the standard library and is run by its path, so that nothing else is
loaded before the program.
"""

import ctypes
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_MACHINES = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "riscv64", "s390x"})
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
EXECUTE, WRITE_FILE, READ_FILE, READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
"""The rights that a rule for a single file may have: 14 is truncate, 15 is ioctl on a device."""
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
"""By version of Landlock: all rights that it handles, so that all are denied by default; 16 since version 5."""
_TCP = 0b11
"""Bind and connect; since version 4."""
_SCOPES = 0b11
"""Abstract sockets and signals only within the sandbox; since version 6."""
LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/etc/ld.so.cache", "/nix/store")
"""Paths that a dynamically linked program needs to start."""
FAILED = 125
"""The exit code if the program was not started."""


def version() -> int:
    """The system's version of Landlock; 0 for none."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return 0
    return max(0, int(_library().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def confine(read: Iterable[str], run: Iterable[str], write: Iterable[str], *, network: bool) -> None:
    """Restrict this process to reading, running and writing below these paths. Raises OSError if it cannot."""
    known = version()
    rights = _FILE_RIGHTS.get(known, (1 << 16) - 1)
    tcp = _TCP if known >= 4 and not network else 0
    attributes = (ctypes.c_uint64 * 3)(rights, tcp, _SCOPES if known >= 6 else 0)
    size = 8 if known < 4 else 16 if known < 6 else 24
    rules = _call(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for paths, given in (
        (read, READ_FILE | READ_FOLDER),
        (run, READ_FILE | READ_FOLDER | EXECUTE),
        (write, rights & ~EXECUTE),
    ):
        for path in paths:
            with suppress(FileNotFoundError):
                _allow(rules, path, given & rights)
    if _library().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "a process cannot give up its privileges")
    _call(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)


class _PathBeneath(ctypes.Structure):
    _layout_ = "ms"
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow(rules: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        given = rights if os.path.isdir(path) else rights & _OF_FILES  # noqa: PTH112  # nothing else is imported here
        rule = _PathBeneath(given, parent)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(parent)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_library().syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _limit(limits: Mapping[str, int]) -> None:
    """Set resource limits, by the names of the module ``resource``."""
    import resource

    for name, limit in limits.items():
        with suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def main(arguments: list[str]) -> None:
    """Execute the program with the plan, JSON: limits, and if confined read, run, write, network."""
    plan = json.loads(arguments[0])
    try:
        _limit(plan.pop("limits"))
        if plan:
            confine(plan["read"], plan["run"], plan["write"], network=plan["network"])
        os.execv(arguments[1], arguments[1:])  # no shell is involved
    except OSError as error:
        sys.stderr.write(f"the program could not be started in the sandbox: {error}\n")
    sys.exit(FAILED)


if __name__ == "__main__":
    main(sys.argv[1:])
