"""Who may ask: the password of any user, and the apiKey, is the token of the service; without one all may."""

from __future__ import annotations

import hashlib
import hmac

from engine.plain import shown
from engine.service.subsonic.parameters import Parameters
from engine.service.subsonic.problems import (
    CLIENT_TOO_OLD,
    CONFLICTING,
    GENERIC,
    MISSING,
    SERVER_TOO_OLD,
    UNSUPPORTED,
    WRONG_KEY,
    WRONG_PASSWORD,
    Problem,
)

MAJOR = 1  # of the protocol's version


def check_access(given: Parameters, token: str | None) -> None:
    """Problem for a call that says too little of who makes it, or shows another token.

    token   None where nobody needs one; then the proofs are not looked at, but must not contradict each other
    """
    for name in ("v", "c"):
        given.required(name)
    _check_version(given.text("v"))
    if given.given("jwt"):
        raise Problem(UNSUPPORTED, "jwt is not supported; give an apiKey, or u with t and s")
    ways = [name for name in ("apiKey", "p", "t") if given.given(name)]
    if len(ways) > 1 or ("apiKey" in ways and given.given("u")):
        raise Problem(CONFLICTING, "several ways to sign in; give an apiKey alone, or u with t and s, or u with p")
    if "apiKey" in ways:
        if token is not None and not _same(given.text("apiKey"), token):
            raise Problem(WRONG_KEY, "another apiKey; it is the token that the service was started with")
        return
    given.required("u")
    if "t" in ways:
        given.required("s")
    if token is None:
        return
    if not ways:
        raise Problem(MISSING, "no proof of the user; give t and s, p, or an apiKey")
    if "t" in ways:
        proof = hashlib.md5((token + given.text("s")).encode(), usedforsecurity=False).hexdigest()
        right = _same(given.text("t").lower(), proof)
    else:
        right = _same(_plain_password(given.text("p")), token)
    if not right:
        raise Problem(WRONG_PASSWORD, "another password; it is the token that the service was started with")


def _check_version(version: str) -> None:
    major = version.partition(".")[0]
    if not (major.isascii() and major.isdecimal() and len(major) < 5):
        raise Problem(GENERIC, f"v is {shown(version)}, expected a version such as 1.16.1")
    if int(major) != MAJOR:
        raise Problem(
            CLIENT_TOO_OLD if int(major) < MAJOR else SERVER_TOO_OLD,
            f"v is {shown(version)}, this server speaks 1.16.1",
        )


def _plain_password(password: str) -> str:
    """A password as it is, or after "enc:" as hexadecimal digits of its UTF-8."""
    if not password.startswith("enc:"):
        return password
    try:
        return bytes.fromhex(password[4:]).decode()
    except ValueError:
        return ""  # is no token


def _same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not say how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
