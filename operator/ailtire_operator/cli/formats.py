"""The forms in which commands report; light, as every command reads it at its start."""

from enum import StrEnum


class ReportFormat(StrEnum):
    """How a command reports on standard error."""

    TEXT = "text"
    FULL = "full"
    JSON = "json"
    NONE = "none"


class ImportReport(StrEnum):
    """The same of ``import``, whose places are in files."""

    TEXT = "text"
    FULL = "full"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    NONE = "none"


class CheckFormat(StrEnum):
    """How the result of a check is printed."""

    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class DiffFormat(StrEnum):
    """How differences are printed for a program."""

    YAML = "yaml"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"
