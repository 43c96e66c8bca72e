"""The sentence encoder: windows, batches, what tells two encoders apart, and several threads."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.encoders import sentence
from indexer.encoders.sentence import FloatMatrix, SentenceEncoder, facts_of, made_by
from indexer.errors import EncoderError

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


def test_a_long_text_is_the_mean_of_its_windows_weighted_by_tokens(tiny_encoder: Path) -> None:
    encoder = SentenceEncoder(str(tiny_encoder), precision="float32", window=8)
    text = "abc de fgh ij klm n"  # a token is a letter: 14 of them, six in a window beside the two at its ends
    windows = [["a", "##b", "##c", "d", "##e", "f"], ["##g", "##h", "i", "##j", "k", "##l"], ["##m", "n"]]
    tokenizer = encoder.transformer.tokenizer
    ends = tokenizer.cls_token_id, tokenizer.sep_token_id
    ids = [[ends[0], *tokenizer.convert_tokens_to_ids(window), ends[1]] for window in windows]
    found, owner = encoder._windows([text, "", "a"])
    assert found[:3] == ids
    assert owner.tolist() == [0, 0, 0, 2]
    vectors = np.concatenate(
        [encoder._forward(np.array([window]), np.ones((1, len(window)), np.int64)) for window in ids]
    )
    mean = (vectors * np.array([[8], [8], [4]])).sum(axis=0)
    encoded = encoder.encode([text, "", "a"])
    np.testing.assert_allclose(encoded[0], mean / np.linalg.norm(mean), atol=1e-5)
    assert not encoded[1].any()
    np.testing.assert_allclose(np.linalg.norm(encoded[[0, 2]], axis=1), 1.0, atol=1e-5)


def test_no_more_than_eight_windows_are_read(tiny_encoder: Path) -> None:
    encoder = SentenceEncoder(str(tiny_encoder), precision="float32", window=8)
    eight = " ".join("abcdef" for _ in range(8))
    assert len(encoder._windows([eight])[0]) == 8
    assert np.array_equal(encoder.encode([eight]), encoder.encode([f"{eight} zzzzzz zzzzzz"]))


def test_batches_do_not_change_a_vector(tiny_encoder: Path) -> None:
    encoder = SentenceEncoder(str(tiny_encoder), precision="float32", window=16)
    texts = [f"{'rain ' * (n % 13)}{n}" for n in range(40)]
    together = encoder.encode(texts)
    np.testing.assert_allclose(together, np.concatenate([encoder.encode([text]) for text in texts]), atol=1e-5)


def test_weights_that_are_not_those_of_the_default_model_are_refused(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence, "model_folder", lambda *_, **__: tiny_encoder)
    with pytest.raises(EncoderError, match="expected 53aa51172d14"):
        SentenceEncoder().encode(["a"])


@pytest.mark.parametrize("file", ["1_Pooling/config.json", "tokenizer.json", "modules.json"])
def test_the_same_weights_with_another_pooling_or_tokenizer_are_another_encoder(
    tiny_encoder: Path, tmp_path: Path, file: str
) -> None:
    mine, other = (
        SentenceEncoder(str(tiny_encoder)),
        SentenceEncoder(str(shutil.copytree(tiny_encoder, tmp_path / "e"))),
    )
    assert facts_of(mine) | {"name": ""} == facts_of(other) | {"name": ""}
    assert made_by(mine, facts_of(other)), "wherever it lies"
    path = tmp_path / "e" / file
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "more": 1} if isinstance(content, dict) else [*content, content[-1]]))
    changed = SentenceEncoder(str(tmp_path / "e"))
    assert changed.sha256 == mine.sha256
    assert not made_by(mine, facts_of(changed))
