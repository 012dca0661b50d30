"""Run the unit tests, and write what CI systems read: JUnit's XML and Cobertura's. Standard library only.

    python3 run_tests.py REPORTS MINIMUM MODULE...

Covered are the lines of the modules (``portal/messages.py``) that the tests run; below MINIMUM percent it ends with 1.
"""

import dis
import importlib
import sys
import time
import trace
import types
import unittest
from pathlib import Path
from xml.etree import ElementTree


class Timed(unittest.TextTestResult):
    """What became of each test, and how many seconds it took."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.cases = {}

    def startTest(self, test):  # noqa: N802
        """Its time begins."""
        super().startTest(test)
        self.cases[test.id()] = [time.monotonic(), "", ""]

    def stopTest(self, test):  # noqa: N802
        """Its time ends."""
        super().stopTest(test)
        self.cases[test.id()][0] = time.monotonic() - self.cases[test.id()][0]

    def addFailure(self, test, err):  # noqa: N802
        """With what unittest says of it."""
        super().addFailure(test, err)
        self.cases[test.id()][1:] = "failure", self.failures[-1][1]

    def addError(self, test, err):  # noqa: N802
        """The same."""
        super().addError(test, err)
        # An error outside of a test, in setUpClass, has no test that started.
        self.cases.setdefault(test.id(), [time.monotonic(), "", ""])[1:] = "error", self.errors[-1][1]

    def addSubTest(self, test, subtest, err):  # noqa: N802
        """A part of a test that failed."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = "failure" if issubclass(err[0], test.failureException) else "error"
            self.cases[test.id()][1:] = kind, f"{subtest}: {err[1]}"


def junit(cases):
    """A suite of JUnit's."""
    count = {kind: sum(each[1] == kind for each in cases.values()) for kind in ("failure", "error")}
    counts = {"tests": str(len(cases)), "failures": str(count["failure"]), "errors": str(count["error"])}
    suite = ElementTree.Element("testsuite", {"name": "portal", **counts})
    for name, (seconds, kind, text) in cases.items():
        group, _, own = name.rpartition(".")
        case = ElementTree.SubElement(suite, "testcase", classname=group, name=own, time=f"{seconds:.3f}")
        if kind:
            ElementTree.SubElement(case, kind, message=text.strip().splitlines()[-1]).text = text
    return suite


def lines_of(code):
    """The numbers of the lines with something to run, of a module's code and of what is defined in it."""
    own = {line for _, line in dis.findlinestarts(code) if line}
    return own.union(*(lines_of(each) for each in code.co_consts if isinstance(each, types.CodeType)))


def cobertura(files):
    """A report of Cobertura's; ``files`` has for each file its lines, and whether they ran."""
    total = [ran for lines in files.values() for ran in lines.values()]
    share = sum(total) / len(total)
    top = ElementTree.Element("coverage", {"line-rate": f"{share:.4f}", "branch-rate": "0", "version": "1"})
    classes = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(top, "packages"), "package", name="portal"), "classes"
    )
    for name, lines in files.items():
        rate = f"{sum(lines.values()) / len(lines):.4f}"
        found = ElementTree.SubElement(classes, "class", {"name": name, "filename": name, "line-rate": rate})
        below = ElementTree.SubElement(found, "lines")
        for number, ran in sorted(lines.items()):
            ElementTree.SubElement(below, "line", number=str(number), hits=str(int(ran)))
    return top, 100 * share


def main(reports, minimum, *modules):
    """Run, write both reports, and return the exit code."""
    here = Path(__file__).parent
    reports = Path(reports).resolve()
    reports.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(here))
    tracer = trace.Trace(count=1, trace=0, ignoredirs=[sys.prefix, sys.exec_prefix])

    def run():
        for each in modules:
            importlib.import_module(each.removesuffix(".py").replace("/", "."))
        suite = unittest.defaultTestLoader.discover(str(here / "tests"), top_level_dir=str(here))
        return unittest.TextTestRunner(resultclass=Timed).run(suite)

    result = tracer.runfunc(run)
    ran = {(Path(file).resolve(), line) for file, line in tracer.results().counts}
    files = {}
    for name in modules:
        path = (here / name).resolve()
        code = compile(path.read_text(), str(path), "exec")
        files[name] = {line: (path, line) in ran for line in lines_of(code)}
    covered, percent = cobertura(files)
    for tree, name in ((junit(result.cases), "unit.xml"), (covered, "coverage.xml")):
        ElementTree.ElementTree(tree).write(reports / name, encoding="utf-8", xml_declaration=True)
    # GitLab and people read this line.
    print(f"TOTAL coverage: {percent:.1f}%")
    return 0 if result.wasSuccessful() and result.testsRun and percent >= float(minimum) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
