"""Load: `refrain serve` under requests that come at a rate, while newer generations of its index are published."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import numpy as np

from benchmarks.data.dataset import Place, copy_index
from benchmarks.judge.timing import memory_mib
from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, opened, run_of
from indexer.progress import Track
from indexer.songs.table import Songs
from indexer.store.files import link, write_whole
from indexer.store.generations import open_generation

RATES = (80, 250)  # requests a second
SECONDS = 60
WORKERS = 2
CONNECTIONS = 32  # of clients that keep them open
PUBLISHED = 3  # generations, while the requests run
WARM_UP_REQUESTS, WARM_UP_RATE = 200, 20
ANSWER_S = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what came of it.

    ms      from when it was due, so that what waits behind a slow answer counts as slow; None where it failed
    """

    kind: str
    ms: float | None


def requests_of(songs: Songs, count: int) -> list[tuple[str, str, str]]:
    """Requests drawn at random: of each four one of every kind, as (kind, path, body as JSON or "")."""
    rng = np.random.default_rng(0)
    known = np.flatnonzero(songs.alive & (songs.has_lyrics | songs.has_audio))

    def ids(n: int) -> list[str]:
        return [songs.song_ids[row] for row in rng.choice(known, n, replace=False).tolist()]

    def words() -> str:
        return " ".join(songs.titles[row] for row in rng.choice(known, 2, replace=False).tolist())[:80]

    drawn: list[tuple[str, str, str]] = []
    while len(drawn) < count:
        drawn += [
            ("similar", f"/api/v1/similar?k=20&song={quote(ids(1)[0], safe='')}", ""),
            ("recommend", "/api/v1/recommend", json.dumps({"seeds": ids(5), "k": 50})),
            ("search", f"/api/v1/search?k=20&text={quote(words(), safe='')}", ""),
            ("playlist", "/api/v1/playlist", json.dumps({"seeds": ids(1), "length": 25})),
        ]
    return drawn[:count]


def ask_at(url: str, requests: Sequence[tuple[str, str, str]], rate: float) -> list[Asked]:
    """Send the requests one by one at a rate, whether or not those before are answered."""
    port = urlsplit(url).port
    local, opened = threading.local(), list[HTTPConnection]()

    def ask(kind: str, path: str, body: str, due: float) -> Asked:
        try:
            if not hasattr(local, "connection"):
                local.connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
                opened.append(local.connection)
            headers = {"content-type": "application/json"} if body else {}
            local.connection.request("POST" if body else "GET", path, body or None, headers)
            answer = local.connection.getresponse()
            songs = json.loads(answer.read()).get("songs", ())
        except (OSError, HTTPException, ValueError):
            local.connection.close()
            return Asked(kind, None)
        return Asked(kind, 1000 * (time.perf_counter() - due) if answer.status == 200 and songs else None)

    with ThreadPoolExecutor(CONNECTIONS) as clients:
        start = time.perf_counter()
        waiting: list[Future[Asked]] = []
        for i, (kind, path, body) in enumerate(requests):
            due = start + i / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(clients.submit(ask, kind, path, body, due))
        asked = [each.result() for each in waiting]
    for connection in opened:
        connection.close()
    return asked


@contextmanager
def served(place: Place, workers: int) -> Iterator[tuple[str, int]]:
    """`refrain serve` in a process of its own: its address and its process id."""
    words = ["--index", str(place.index), "--catalogue", place.catalogue, "--workers", str(workers), "--watch"]
    command = [sys.executable, "-m", "engine.cli", "serve", "--port", "0", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+(?=/)", line)
        if found is None:
            raise RuntimeError(f"refrain serve did not start: {line}{process.stderr.read()}")
        threading.Thread(target=process.stderr.read, daemon=True).start()  # else it waits for a reader of its log
        try:
            yield found[0], process.pid
        finally:
            process.terminate()


def publish(index: Path) -> None:
    """Publish the newest generation once more, under the next number: what readers see of an update that is done."""
    newest = open_generation(index)
    following = newest.path.with_name(f"{newest.number + 1:06}")
    shutil.copytree(newest.path, following, copy_function=link)
    newest.close()
    write_whole(index / "CURRENT", f"{following.name} {newest.digest}\n")


def publish_now_and_then(index: Path, every_s: float, ended: threading.Event) -> int:
    """How many generations were published until the load ended, at most PUBLISHED."""
    for number in range(PUBLISHED):
        if ended.wait(every_s):
            return number
        publish(index)
    return PUBLISHED


@contextmanager
def copied(place: Place) -> Iterator[Place]:
    """The dataset with an index that may be changed: a linked copy beside the one that there is."""
    with TemporaryDirectory(dir=place.index.parent, prefix=".load") as folder:
        index = Path(folder) / place.index.name
        copy_index(place.index, index)
        yield replace(place, index=index)


def measure_load(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """Times of answers by rate and kind, failures, and memory before and after."""
    dataset = opened(job.warm)
    settings: dict[str, Result] = {}
    for rate in track(RATES, "requests a second"):
        count = min(rate * SECONDS, job.limit or rate * SECONDS)
        requests = requests_of(dataset.index.songs, count)
        with copied(dataset.place) as place, served(place, WORKERS) as (url, pid), ThreadPoolExecutor(1) as publisher:
            ask_at(url, requests[:WARM_UP_REQUESTS], WARM_UP_RATE)
            before, ended = memory_mib(pid), threading.Event()
            publishing = publisher.submit(publish_now_and_then, place.index, count / rate / (PUBLISHED + 1), ended)
            start = time.perf_counter()
            asked = ask_at(url, requests, rate)
            seconds = time.perf_counter() - start
            ended.set()
            facts = {
                "rate": rate,
                "answered_a_second": round(sum(each.ms is not None for each in asked) / seconds, 1),
                "failed": sum(each.ms is None for each in asked),
                "generations": publishing.result(),
                "mib_before": round(before, 1),
                "mib_after": round(memory_mib(pid), 1),
            }
        for kind in ("", *dict.fromkeys(each.kind for each in asked)):
            times = [each.ms for each in asked if each.ms is not None and kind in ("", each.kind)]
            name = f"{rate} a second" + (f", {kind}" if kind else "")
            settings[name] = Result.of_times(name, times, {} if kind else facts)
    for name in systems:
        yield run_of(job, name, settings, dataset)
