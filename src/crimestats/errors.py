"""Exceptions, sorted by what the caller does next.

Wrong data is never an exception: it is a finding of a return (see
`crimestats.validation`). An exception says that the file, the definition or
the call is wrong, and names the place, the fault and the remedy.
"""


class CrimestatsError(Exception):
    """Root of all exceptions that the package raises on purpose.

    Args:
        place: Where it is: a file with line and column, an argument, a frame.
        fault: What is wrong there, with its value.
        remedy: What to do about it.
    """

    def __init__(self, place: str, fault: str, remedy: str) -> None:
        self.place, self.fault, self.remedy = place, fault, remedy
        super().__init__(f"{place}: {fault} {remedy}")


class DefinitionError(CrimestatsError):
    """A questionnaire, rule or table has a fault: mend the file at the place named."""


class FileError(CrimestatsError):
    """A path cannot be read or written: give another one."""


class CallError(CrimestatsError):
    """An argument, or a frame handed to a verb, does not fit: change the call."""


class ClassificationError(CrimestatsError):
    """A code or a table does not belong to the classification: name another one."""
