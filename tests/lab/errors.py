"""The one error of the lab: a sentence that says what to do."""


class LabError(Exception):
    """Something outside the lab is missing or went wrong; the text is for the person at the terminal."""
