"""Settings of a service: where it listens, what it serves, and the token that lets others in."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from indexer.errors import ConfigError

VARIABLE = "REFRAIN_SERVICE"  # holds the settings of the processes that one command starts
LEAST_TOKEN = 16  # characters: what nobody guesses


@dataclass(frozen=True, slots=True)
class Settings:
    """What `refrain serve` was told.

    index       the index folder
    catalogue   the catalogue that it was built from, a file or a URL: where files of sound are looked up
    host        the address to listen on; a token is needed where it is not of this machine alone
    port        0 takes a free one
    token       the file whose first line is the token
    watch       whether a newer generation of the index is taken without a restart
    """

    index: str
    catalogue: str
    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None
    watch: bool = False

    def read_token(self) -> str | None:
        """The token, None where there is no file of one.

        ConfigError where the file holds none that is long enough, or where the host needs one.
        """
        if self.token is None:
            if not is_loopback(self.host):
                raise ConfigError(
                    f"--host {self.host} lets other machines in, expected a token for that: write one into a file "
                    f"(head -c 24 /dev/urandom | base64 > token.txt; chmod 600 token.txt) and add --token token.txt"
                )
            return None
        try:
            first = (Path(self.token).read_text("utf-8").splitlines() or [""])[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the token file {self.token} cannot be read ({error}); give another --token") from None
        if len(first) < LEAST_TOKEN or not (first.isascii() and first.isprintable()) or " " in first:
            raise ConfigError(
                f"the first line of {self.token} has {len(first)} characters, expected a token of {LEAST_TOKEN} or "
                "more ASCII letters, digits or signs, without spaces"
            )
        return first

    def hand_over(self) -> None:
        """Leave the settings to the processes that this one starts."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def handed_over(cls) -> Self:
        """The settings that the process which started this one left."""
        return cls(**json.loads(os.environ[VARIABLE]))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is of this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    name = host.strip("[]").casefold()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def shown_host(host: str) -> str:
    """A host as it stands in a URL.

    >>> shown_host("::1"), shown_host("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
