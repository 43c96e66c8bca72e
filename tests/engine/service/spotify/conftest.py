"""Where Spotify's clients find the service of the bundled catalogue."""

from __future__ import annotations

import pytest

from tests.engine.service.conftest import Running


@pytest.fixture(scope="session")
def spotify_url(service: Running) -> str:
    """Where /v1/ is served, with a slash at its end."""
    return f"{service.url}/v1/"
