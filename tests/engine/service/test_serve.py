"""`refrain serve` as a process: newer generations, its end, workers, tokens, and thousands of requests of any kind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from indexer import Catalogue, IndexConfig, build_index
from tests.engine.service.conftest import TOKEN, Running
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder

Serve = Callable[..., Running]
SONGS = [
    {
        "song_id": f"s{i}",
        "title": f"Rain {i}",
        "artist": f"Ada {i % 7}",
        "lyrics": f"rain on the roof {i}",
        "energy": i / 99,
    }
    for i in range(60)
]


def asked(url: str, path: str, token: str = "") -> dict[str, object]:
    request = Request(f"{url}/api/v1/{path}", headers={"authorization": f"Bearer {token}"} if token else {})
    with urlopen(request, timeout=20) as answer:
        content: dict[str, object] = json.load(answer)
    return content


@pytest.fixture
def small_index(tmp_path: Path, tiny_config: IndexConfig) -> Path:
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(rows(tmp_path, *SONGS))
        build_index(catalogue, tmp_path / "refrain.index", tiny_config, encoder=HashEncoder())
    return tmp_path / "refrain.index"


def test_newer_generations_are_taken_and_no_request_fails(
    serve: Serve, small_index: Path, tiny_config: IndexConfig
) -> None:
    service = serve(small_index, "--watch")
    going, answers, failures = True, 0, list[str]()

    def ask() -> None:
        nonlocal answers
        while going:
            try:
                songs = asked(service.url, "similar?song=s1&k=5")["songs"]
                assert isinstance(songs, list)
                assert songs
                answers += 1
            except Exception as error:
                failures.append(repr(error))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(ask)
        for number in (2, 3, 4):
            with Catalogue(small_index.parent / "refrain.db") as catalogue:
                catalogue.load(
                    rows(small_index.parent, SONGS[0] | {"song_id": f"new{number}", "title": f"New {number}"})
                )
                build_index(catalogue, small_index, tiny_config, encoder=HashEncoder())
            deadline = time.monotonic() + 20
            while asked(service.url, "health")["generation"] != number:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert asked(service.url, f"songs/new{number}")["title"] == f"New {number}"
        going = False
    assert failures == []
    assert answers > 20


def test_what_cannot_be_read_leaves_the_old_generation(serve: Serve, small_index: Path) -> None:
    service = serve(small_index, "--watch")
    (small_index / "CURRENT").write_text("nonsense")
    time.sleep(2.5)
    assert asked(service.url, "health")["generation"] == 1
    assert asked(service.url, "similar?song=s1&k=5")["songs"]


def test_its_end_finishes_what_runs(serve: Serve, small_index: Path) -> None:
    service = serve(small_index)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(asked, service.url, "similar?song=s1&k=50") for _ in range(40)]
        while not any(each.done() for each in running):
            time.sleep(0.001)
        begun = [each for each in running if each.running() or each.done()]
        service.process.send_signal(signal.SIGTERM)
        assert all(each.result()["songs"] for each in begun)
    assert service.process.wait(10) in (0, -signal.SIGTERM)


def test_a_token_is_needed_for_other_machines(
    serve: Serve, small_index: Path, token_file: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "engine.cli", "serve", "--index", str(small_index), "--port", "0"]
    refused = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1
    assert "--token" in refused.stderr
    short = tmp_path / "short.txt"
    short.write_text("secret\n")
    refused = subprocess.run([*command, "--token", str(short)], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1
    assert "expected a token of 16" in refused.stderr
    assert "secret" not in refused.stderr
    service = serve(small_index, "--host", "0.0.0.0", "--token", token_file)
    assert asked(service.url, "health", TOKEN)["status"] == "ok"
    with pytest.raises(HTTPError, match="401"):
        asked(service.url, "health", TOKEN + "x")


def test_two_workers_answer(serve: Serve, small_index: Path) -> None:
    service = serve(small_index, "--workers", "2")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: asked(service.url, "similar?song=s1&k=5")["songs"], range(50)))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.slow
def test_a_worker_that_cannot_begin_again_leaves_its_share_to_the_other(serve: Serve, small_index: Path) -> None:
    service = serve(small_index, "--workers", "2")
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    if not children.exists():
        pytest.skip("only Linux says which processes are whose")
    current = (small_index / "CURRENT").read_text()
    (small_index / "CURRENT").write_text("nonsense")
    workers = [int(pid) for pid in children.read_text().split() if b"spawn_main" in commands_of(int(pid))]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    time.sleep(1)
    for _ in range(30):
        assert asked(service.url, "similar?song=s1&k=5")["songs"]
    (small_index / "CURRENT").write_text(current)


def commands_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_missing_index_and_a_taken_port_are_one_line(service: Running, small_index: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.cli", "serve", "--index"]
    port = service.url.rpartition(":")[2]
    for words in ([str(tmp_path / "none")], [str(small_index), "--port", port]):
        refused = subprocess.run([*command, *words], capture_output=True, text=True, timeout=30)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert refused.stderr.count("\n") <= 2, refused.stderr


def test_the_first_answer_comes_two_seconds_after_the_start(demo_index: Path, serve: Serve, tmp_path: Path) -> None:
    shutil.copy(demo_index.parent / "refrain.db", tmp_path)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        serve(demo_index)
        took.append(time.perf_counter() - start)
    assert min(took) < 4, took  # 1 s alone on a machine; tests run side by side


@pytest.mark.slow
def test_five_thousand_requests_of_any_kind_are_answered(service: Running) -> None:
    """Schemathesis makes them from the document: none ends in a 5xx, and answers are what the document says."""
    command = ["run", f"{service.url}/api/openapi.json", "--checks", "not_a_server_error,response_schema_conformance"]
    command += ["--max-examples", "10", "--phases", "examples,coverage,fuzzing", "--seed", "1"]
    code = "import sys; from schemathesis.cli import schemathesis; schemathesis(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=1_200)
    assert done.returncode == 0, done.stdout[-3000:]
    found = re.search(r"(\d+) generated", done.stdout)
    assert found
    assert int(found[1]) >= 5_000, found[1]
