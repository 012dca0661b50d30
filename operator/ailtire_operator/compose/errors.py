"""What can go wrong with input from the Swarm world. Each message says where and what to do; none needs a traceback.

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
