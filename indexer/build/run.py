"""Running a plan: `build_index`, `update_index` and `plan_index`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from indexer.build.changes import Changes, lost
from indexer.build.context import Context
from indexer.build.plan import Inputs, Plan, StagePlan, plan_build, plan_update
from indexer.build.stage import Outcome, Stage, fingerprint
from indexer.build.stages import STAGES
from indexer.build.vector_stages import stack_of
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.encoders.cache import VectorCache
from indexer.encoders.sentence import Encoder, SentenceEncoder, facts_of
from indexer.errors import CatalogueError, IndexFormatError
from indexer.progress import Track, quiet
from indexer.store.artefacts import owner_of
from indexer.store.generations import FORMAT_VERSION, Generation, damaged, open_base, open_generation
from indexer.store.publish import new_generation, now, only_writer, tidy
from indexer.waiting import Patience

if TYPE_CHECKING:
    from indexer.catalogue import Snapshot

LIBRARIES = (
    "numpy", "torch", "keras", "sentence-transformers", "faiss-cpu", "faiss-gpu-cu12", "tantivy", "scikit-learn",
)  # fmt: skip
CACHE = "encoded"  # folder inside the index for sentence vectors of a build that is not finished


@dataclass(frozen=True, slots=True)
class StageReport:
    """What a stage did; seconds 0.0 for one that was kept or taken over from a build that had not finished."""

    name: str
    action: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or update did.

    kind      "built", "updated" or "unchanged"
    songs     living songs in the index
    added     songs that were not in the index before; changed, removed likewise (0 for a first build)
    notes     what the user should know: models that the catalogue has outgrown, models that could not be learned
    """

    kind: Literal["built", "updated", "unchanged"]
    index: str
    generation: int
    songs: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    stages: tuple[StageReport, ...] = ()
    notes: tuple[str, ...] = ()


def build_index(
    catalogue: Catalogue,
    index: str | Path,
    config: IndexConfig | None = None,
    *,
    stage: str | None = None,
    force: bool = False,
    encoder: Encoder | None = None,
    track: Track = quiet,
    patience: Patience | None = None,
) -> BuildReport:
    """Build the index of a catalogue: every stage whose settings or input have changed is done again, no other.

    The new generation is published whole at the end: until then, and after any failure, the old one is in use. What a
    build that was cut short had finished is taken over, and so are lyrics that it had encoded.

    config    None takes that of the index, or the defaults for a new one
    stage     only this stage and those that read it
    force     all stages; of what is there only vectors of texts are taken over, where they are sound and the encoder's
    encoder   instead of the configuration's
    patience  for another build or update of the index to end; None waits for none

    Raises CatalogueError for an empty catalogue, ConfigError for an unknown stage, BusyError while another build
    is at work, RefrainError where the disk refuses.
    """
    if not len(catalogue):
        raise CatalogueError("the catalogue holds no songs; add some with `refrain import FILE...`")
    # The lock first: what another writer has published by then must not be replaced by an earlier state of the songs.
    with only_writer(Path(index), patience), catalogue.snapshot() as snapshot:
        return _run(snapshot, Path(index), config, update=False, stage=stage, force=force, encoder=encoder, track=track)


def update_index(
    catalogue: Catalogue,
    index: str | Path,
    *,
    encoder: Encoder | None = None,
    track: Track = quiet,
    patience: Patience | None = None,
) -> BuildReport:
    """Bring an index up to the catalogue: new, changed and deleted songs; models are learned only where missing.

    patience  for another build or update of the index to end; None waits for none, and raises BusyError
    """
    open_generation(index).close()
    with only_writer(Path(index), patience), catalogue.snapshot() as snapshot:
        return _run(snapshot, Path(index), None, update=True, encoder=encoder, track=track)


def plan_index(
    catalogue: Catalogue,
    index: str | Path,
    config: IndexConfig | None = None,
    *,
    update: bool = False,
    stage: str | None = None,
    force: bool = False,
    encoder: Encoder | None = None,
) -> Plan:
    """What `build_index` (or `update_index`) would do, and why; nothing is done."""
    base = open_base(index)
    try:
        with catalogue.snapshot() as snapshot:
            config, notes = _config(config, base, Path(index))
            encoder = encoder or _encoder(config)
            plan = _plan(snapshot, base, config, encoder, update=update, stage=stage, force=force)
            return replace(plan, notes=(*notes, *plan.notes))
    finally:
        if base is not None:
            base.close()


def _config(config: IndexConfig | None, base: Generation | None, index: Path) -> tuple[IndexConfig, tuple[str, ...]]:
    """The configuration given, else that of the index, else the defaults; and what the user should know of it."""
    if config is not None:
        return config, ()
    if base is not None:
        kept, left_out = IndexConfig.from_older(base.manifest["config"])
        if not left_out:
            return kept, ()
        names = ", ".join(left_out)
        return kept, (f"settings of the index that this program does not have were left out: {names}",)
    if (index / "CURRENT").exists():
        return IndexConfig(), (
            "the index that is there, damaged or of another version, could not be read: the defaults are its settings",
        )
    return IndexConfig(), ()


def _encoder(config: IndexConfig) -> SentenceEncoder:
    settings = config.encoder
    return SentenceEncoder(settings.model, precision=settings.precision, window=settings.window)


def _plan(
    snapshot: Snapshot,
    base: Generation | None,
    config: IndexConfig,
    encoder: Encoder,
    *,
    update: bool,
    stage: str | None = None,
    force: bool = False,
) -> Plan:
    digests, damage = dict(snapshot.digests()), {} if base is None else _damage(base)
    broken = ""  # what is continued, or kept beside one stage, would be half of the one and half of the other
    if update:
        broken = next(iter(damage.values()), "")
    elif stage is not None:
        broken = damage.get("songs", "")
    if broken:
        raise IndexFormatError(f"{broken}; run `refrain build`, which makes it anew, and what reads it")
    changes = Changes.between(digests, base if update or stage is not None else None)
    playlists = snapshot.statistics().playlists
    inputs = Inputs(config, facts_of(encoder), snapshot.fingerprints(), playlists, changes, damage)
    if update and base is not None:
        return plan_update(inputs, base)
    return plan_build(inputs, base, stage=stage, force=force)


def _damage(base: Generation) -> dict[str, str]:
    """Stage -> the first of its files that is not what the manifest says, and how."""
    damage: dict[str, str] = {}
    for name, problem in damaged(base).items():
        if artefact := owner_of(name):
            damage.setdefault(artefact.stage, f"{base.path / name}: {problem}")
    return damage


def _run(
    snapshot: Snapshot,
    index: Path,
    config: IndexConfig | None,
    *,
    update: bool,
    stage: str | None = None,
    force: bool = False,
    encoder: Encoder | None = None,
    track: Track,
) -> BuildReport:
    base = open_base(index)
    try:
        config, notes = _config(config, base, index)
        encoder = encoder or _encoder(config)
        plan = _plan(snapshot, base, config, encoder, update=update, stage=stage, force=force)
        same = base is not None and (base.manifest["config"], base.manifest["version"]) == (
            config.to_json(),
            FORMAT_VERSION,
        )
        if base is not None and plan.idle and same:
            tidy(index)  # what a build left that was killed after it had published
            VectorCache(index / CACHE, encoder, None).forget()
            return BuildReport("unchanged", str(index), base.number, base.manifest["songs"], notes=plan.notes)
        forget = base is not None and ("songs" in plan.damaged or lost(plan.changes.digests, base))
    finally:
        if base is not None:
            base.close()
    facts: dict[str, Any] = {}
    with new_generation(index, facts, purge=forget, locked=True) as (draft, left_over):
        context = Context(snapshot, config, encoder, draft, plan.changes, index / CACHE, track, plan.damaged)
        context.rows_grow = plan.of("songs").action in ("apply", "keep")
        done = [_do(each, plan.of(each.name), context, left_over) for each in STAGES]
        facts |= _facts(context, plan, done)
        changes = plan.changes
        counts = (len(changes.added), len(changes.changed), changes.removed) if update else (0, 0, 0)
        notes = (*notes, *plan.notes, *context.notes, *_not_learned(facts["models"]))
        reports = tuple(report for report, _ in done)
        built = BuildReport(
            "updated" if update else "built", str(index), draft.number, facts["songs"], *counts, reports, notes
        )
    VectorCache(index / CACHE, encoder, None).forget()
    return built


def _do(
    stage: Stage, plan: StagePlan, context: Context, left_over: Sequence[Path]
) -> tuple[StageReport, dict[str, Any]]:
    """Do what is planned for a stage; returns the report, and the record for the manifest."""
    draft = context.draft
    context.action, context.version = plan.action, stage.version
    if plan.action == "keep" and draft.base is not None:
        draft.adopt(draft.base, stage.writes)
        return StageReport(stage.name, "keep", plan.reason, 0.0), plan.record
    found = draft.recover(plan.key, left_over)
    if found is not None:
        return StageReport(stage.name, plan.action, f"{plan.reason}; done by the build before", 0.0), found
    started = time.perf_counter()
    if plan.action == "apply" and stage.learns and draft.base is not None:
        draft.adopt(draft.base, [a for a in stage.writes if a.kind == "folder"])
    outcome = stage.run(context)
    record = dict(plan.record)
    if plan.action != "apply" or not stage.learns or stage.name == "factors":
        record["outcome"] = {**_plain(outcome), "date": now()}
    draft.finish(plan.key, stage.writes, record)
    return StageReport(stage.name, plan.action, plan.reason, round(time.perf_counter() - started, 1)), record


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in asdict(outcome).items() if value not in (None, "", 0) or name == "learned"}


def _facts(context: Context, plan: Plan, done: Sequence[tuple[StageReport, dict[str, Any]]]) -> dict[str, Any]:
    """What the manifest says beside format and files."""
    songs, draft, encoder = context.songs, context.draft, context.encoder
    records = {report.name: record for report, record in done}
    learning = [stage.name for stage in STAGES if stage.learns]
    return {
        "config": context.config.to_json(),
        "libraries": _libraries(),
        "songs": int(songs.alive.sum()),
        "rows": len(songs),
        "with_lyrics": int((songs.alive & songs.has_lyrics).sum()),
        "with_audio": int((songs.alive & songs.has_audio).sum()),
        "playlists": records["popularity"]["outcome"].get("playlists", 0),
        "encoder": facts_of(encoder),
        "parts": [[name, part.shape[1]] for name, part in stack_of(draft).items()],
        # Ties a weights file to what its signals were: the settings and the encoder, not the songs.
        "fingerprint": fingerprint(context.config.to_json(), encoder.sha256),
        "stages": records,
        "models": {name: {"songs": 0, "playlists": 0, "why": "", **records[name]["outcome"]} for name in learning},
    }


def _not_learned(models: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name} was not learned: {m['why']}" for name, m in models.items() if m.get("learned") is False and m["why"]
    ]


def _libraries() -> dict[str, str]:
    found = {}
    for name in ("refrain", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # not installed as a package, or the GPU build in its place
            continue
    return found
