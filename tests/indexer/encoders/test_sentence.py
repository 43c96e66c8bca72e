"""The sentence encoder in a program of several threads."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch

from indexer.encoders.sentence import FloatMatrix, SentenceEncoder

TEXTS = ["rain on the roof", "a landlord bought a boat " * 20, "sunday"]


def test_threads_that_load_and_encode_at_once_do_not_disturb_each_other(tiny_encoder: Path) -> None:
    """As when an engine is opened anew while it answers: bfloat16 is not what torch's other work begins with."""
    expected = SentenceEncoder(str(tiny_encoder), precision="bfloat16", window=16).encode(TEXTS)
    shared = SentenceEncoder(str(tiny_encoder), precision="bfloat16", window=16)
    ready = threading.Barrier(6)
    found: list[FloatMatrix] = []
    failed: list[Exception] = []
    types = {torch.get_default_dtype()}

    def work(own: bool) -> None:
        ready.wait()
        try:
            for _ in range(4):
                encoder = SentenceEncoder(str(tiny_encoder), precision="bfloat16", window=16) if own else shared
                found.append(encoder.encode(TEXTS))
                types.add(torch.get_default_dtype())
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(place % 2 == 0,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(found) == 24
    assert all(np.array_equal(vectors, expected) for vectors in found)
    assert types == {torch.float32}
