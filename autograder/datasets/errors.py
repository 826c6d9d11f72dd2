"""The one error of this room."""


class DataError(ValueError):
    """A data file is missing, damaged or unreachable.  The message names it, what was expected and the fix."""
