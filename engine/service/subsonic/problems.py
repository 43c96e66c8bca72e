"""Problems: what OpenSubsonic's numbered errors mean."""

from __future__ import annotations

GENERIC, MISSING, CLIENT_TOO_OLD, SERVER_TOO_OLD = 0, 10, 20, 30
WRONG_PASSWORD, UNSUPPORTED, CONFLICTING, WRONG_KEY, NOT_FOUND = 40, 42, 43, 44, 70


class Problem(Exception):
    """An error as OpenSubsonic answers it."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code
