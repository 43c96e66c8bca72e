"""`refrain mcp` as an assistant sees it: the mcp package's own client, over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

mcp = pytest.importorskip("mcp")


def ask(index: Path, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The tools that there are, and the results of calls."""
    server = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "engine.cli", "mcp", "--index", str(index)],
        env={"PYTHONPATH": str(Path(__file__).parents[4]), **{name: os.environ[name] for name in ("HF_HUB_OFFLINE",)}},
    )  # fmt: skip

    async def answers() -> tuple[list[Any], list[Any]]:
        async with mcp.Client(server) as client:
            return (await client.list_tools()).tools, [await client.call_tool(name, given) for name, given in calls]

    return asyncio.run(answers())


def test_the_tools_and_their_answers(demo_index: Path) -> None:
    song, other = "Brown Suitcase, Dilys Mensah", "Bake Sale Beef"
    tools, results = ask(
        demo_index,
        ("find", {"text": "brown suitcas", "k": 3}),
        ("similar", {"songs": [song], "k": 4, "filters": {"year": "1970.."}}),
        ("search", {"text": "rain", "k": 3}),
        ("playlist", {"songs": [song], "length": 6, "arc": "rise"}),
        ("explain", {"a": song, "b": other}),
    )
    assert [tool.name for tool in tools] == ["find", "similar", "search", "playlist", "explain"]
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools)
    assert [result.is_error for result in results] == [False] * 5
    find, similar, search, playlist, explain = (result.structured_content for result in results)
    assert find["songs"][0]["title"] == "Brown Suitcase"
    assert len(similar["songs"]) == 4
    assert all(each["reason"] and each["year"] >= 1970 for each in similar["songs"])
    assert len(search["songs"]) == 3
    assert len(playlist["songs"]) == 6
    assert (explain["a"]["title"], explain["b"]["title"]) == ("Brown Suitcase", "Bake Sale Beef")


def test_what_cannot_be_is_said_to_the_assistant(demo_index: Path) -> None:
    _, results = ask(
        demo_index,
        ("similar", {"songs": ["zzzz qqqq"]}),
        ("similar", {"songs": []}),
        ("search", {"text": "x", "k": 5_000}),
        ("search", {"text": "rain", "filters": {"yaer": 1990}}),
    )
    assert [result.is_error for result in results] == [True] * 4
    assert "no song is called 'zzzz qqqq'" in results[0].content[0].text
    assert "no filter is called 'yaer'" in results[3].content[0].text
    texts = [result.content[0].text for result in results]
    assert texts[1] == "songs is [], expected at least 1 of them, not 0"
    assert texts[2] == "k is 5000, expected 100 or less"
    assert not any("pydantic" in text or "further information" in text for text in texts)
