"""Exported encoders: a sentence encoder as an ONNX graph and a tokenizer, which encode a question without torch."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.encoders.windows import FloatMatrix, Tokens, WindowEncoder
from indexer.errors import EncoderError, IndexFormatError
from indexer.lazy import lazy

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from indexer.encoders.sentence import SentenceEncoder

GRAPH, TOKENIZER, FACTS = "model.onnx", "tokenizer.json", "encoder.json"
MOST_DIM, LEAST_WINDOW, MOST_WINDOW = 65_536, 3, 65_536
LEAST_COSINE = 0.999  # to what torch computes in float32, for each of SAMPLES
SAMPLES = (
    "rain", "Driving all night to get back home", "nobody understands me but the moon, and she is not talking tonight",
    "¿Dónde está mi corazón?", "雨が降る", "la la la " * 40,
)  # fmt: skip


def export(encoder: SentenceEncoder, folder: Path) -> None:
    """Write an encoder to an empty folder; EncoderError where its model has no such form, or another meaning in it."""
    import torch

    model = encoder.in_float32()
    model.transformer.to("cpu")  # where questions are encoded; on a machine with a GPU it was made there
    width = model.transformer.get_embedding_dimension()

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            vectors = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1)

    example = torch.ones((2, 8), dtype=torch.long)
    size = {0: "windows", 1: "tokens"}
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # of branches that depend on values; the comparison below sees what counts
            torch.onnx.export(
                Graph().eval(), (example, example), str(folder / GRAPH),
                input_names=["input_ids", "attention_mask"], output_names=["vectors"],
                dynamic_axes={"input_ids": size, "attention_mask": size, "vectors": {0: "windows"}}, dynamo=False,
            )  # fmt: skip
        (folder / TOKENIZER).write_text(model.transformer.tokenizer.backend_tokenizer.to_str(), "utf-8")
    except (RuntimeError, AttributeError, TypeError, ValueError) as error:  # torch's own errors are RuntimeErrors
        raise EncoderError(
            f"{encoder.name} has no form as ONNX ({str(error)[:200]}); torch encodes what is asked"
        ) from error
    (folder / FACTS).write_text(json.dumps({"dim": width, "window": model.longest}), "utf-8")
    cosine = (ExportedEncoder(folder).encode(SAMPLES) * model.encode(SAMPLES)).sum(axis=1).min()
    if not cosine >= LEAST_COSINE:
        raise EncoderError(
            f"{encoder.name} as ONNX has a cosine of {cosine:.4f} to itself, expected {LEAST_COSINE} or more; torch "
            "encodes what is asked"
        )


class ExportedEncoder(WindowEncoder):
    """What `export` wrote to a folder. IndexFormatError where it cannot be read."""

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def loaded(self) -> bool:
        """Whether all of it is in memory, so that its folder may go."""
        return {"_facts", "_tokenizer", "_session"} <= vars(self).keys()

    @lazy
    def _facts(self) -> dict[str, Any]:
        try:
            facts = json.loads((self.folder / FACTS).read_bytes())
            dim, window = int(facts["dim"]), int(facts["window"])
            if not (0 < dim <= MOST_DIM and LEAST_WINDOW <= window <= MOST_WINDOW):
                raise ValueError(f"dim {dim} and window {window} are no encoder's")
            return {"dim": dim, "window": window}
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._damaged(FACTS, error) from error

    @property
    def dim(self) -> int:
        return int(self._facts["dim"])

    @lazy
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
            tokenizer.no_padding()
            tokenizer.enable_truncation(self._facts["window"])
        except Exception as error:  # the library raises no other type
            raise self._damaged(TOKENIZER, error) from error
        return tokenizer

    @lazy
    def _session(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a question is too small to be shared
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(str(self.folder / GRAPH), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library has a type for each kind of fault, without a common one
            raise self._damaged(GRAPH, error) from error

    def _tokens(self, texts: Sequence[str]) -> Iterator[Tokens]:
        for place, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            for window in (encoding, *encoding.overflowing):
                yield place, window.ids

    def _forward(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> FloatMatrix:
        try:
            (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
            found = np.asarray(vectors, np.float32)
            if found.shape != (len(ids), self.dim) or not np.isfinite(found).all():
                raise ValueError(f"it gives {found.shape} numbers, expected {(len(ids), self.dim)} finite ones")
        except Exception as error:  # of another model's graph: other inputs, tokens that it does not know
            raise self._damaged(GRAPH, error) from error
        return found

    def _damaged(self, name: str, error: Exception) -> IndexFormatError:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return IndexFormatError(f"{self.folder / name} cannot be read ({reason}); rebuild with `refrain build`")
