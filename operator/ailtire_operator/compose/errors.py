"""Errors in input files of Ailtire and Compose. Each message has the place and the remedy, and needs no traceback.

ComposeError
 ├─ JavaScriptError    a .js file is not plain data
 └─ ApplicationError   the folder or its stacks do not make an application
"""


class ComposeError(ValueError):
    """The input cannot be translated."""


class JavaScriptError(ComposeError):
    """A JavaScript file holds something other than ``module.exports = <plain data>``."""


class ApplicationError(ComposeError):
    """The application's files contradict each other, are missing, or lead out of its folder."""
