"""The errors of the package."""

from .definitions import StatusCode


class LTSError(Exception):
    """A call failed.

    ``status`` is the number to compare (see :class:`StatusCode`), ``name`` its stable name, ``message`` one line for
    people that says what happened and, where something can be done, what to do.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    @property
    def name(self) -> str:
        """The name of the status code, such as ``LIMIT_EXCEEDED``; ``UNKNOWN`` for one newer than this package."""
        try:
            return StatusCode(self.status).name
        except ValueError:
            return "UNKNOWN"

    def __str__(self) -> str:
        return f"{self.message} ({self.name}, {self.status})"


class AuthorizationError(LTSError):
    """The License Tracking Server refused: status -20100 to -20199. A refusal is final; asking again won't help."""


class LibraryError(LTSError):
    """The native library is missing, can't be loaded here, or is of another version."""


def lts_error(status: int, message: str) -> LTSError:
    """The error for a status code that a call returned."""
    if -20199 <= status <= -20100:
        return AuthorizationError(status, message)
    return LTSError(status, message)
