"""The plan of a build or an update: for each stage, what is to be done and why. Nothing else decides it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from indexer.build.changes import Changes
from indexer.build.context import Action
from indexer.build.stage import Stage, Table, fingerprint
from indexer.build.stages import STAGE_NAMES, STAGES
from indexer.config import IndexConfig
from indexer.errors import ConfigError, EncoderError
from indexer.store.generations import Generation

OUTGROWN = 2.0  # times what a model was learned from: an update says that it should be learned again
FEW = 1_000  # songs below which every new one is a reason to try again to learn what could not be learned

_TABLES: Mapping[Table, str] = {
    "songs": "songs",
    "playlists": "playlists",
    "artist_tags": "tags of artists",
    "labels": "labels",
    "timbres": "timbres of files",
}


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage will do.

    action   "keep" its files; "apply" to `rows` rows, new ones or all; "learn" again; "compute" again
    reason   why, in words
    key      names this work: stage, settings and all that is read; what a crash left of it is taken over by it
    record   what the manifest will say of the stage: settings, the fingerprints of what it read, its own
    """

    name: str
    action: Action
    reason: str
    rows: int
    key: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build or an update will do.

    notes    what the user should know: models that the catalogue has outgrown, stages that the program has changed
    damaged  stages whose files in the base are not what its manifest says
    """

    stages: tuple[StagePlan, ...]
    changes: Changes
    notes: tuple[str, ...] = ()
    damaged: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[StagePlan]:
        return iter(self.stages)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return all(stage.action == "keep" for stage in self.stages)

    def of(self, name: str) -> StagePlan:
        return next(stage for stage in self.stages if stage.name == name)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from.

    tables      the fingerprint of each part of the catalogue
    playlists   how many there are
    encoder     what the manifest will say of the encoder
    damaged     stage -> which of its files in the base is damaged, and how
    """

    config: IndexConfig
    encoder: Mapping[str, Any]
    tables: Mapping[str, str]
    playlists: int
    changes: Changes
    damaged: Mapping[str, str] = field(default_factory=dict)

    @property
    def songs(self) -> int:
        return len(self.changes.digests)


def plan_build(inputs: Inputs, base: Generation | None, *, stage: str | None = None, force: bool = False) -> Plan:
    """Every model is that of today's catalogue and configuration: what is not is learned again.

    stage   only this one and those that read it; the others stay as they are
    force   all of them, whatever there is
    """
    if stage is not None and stage not in STAGE_NAMES:
        raise ConfigError(f"no stage is called {stage!r}, expected one of {', '.join(STAGE_NAMES)}")
    if stage is not None and force:
        raise ConfigError(f"the stage {stage} alone, and all stages by force, are two things; ask for one of them")
    if stage is not None and base is None:
        raise ConfigError(f"the stage {stage} cannot run alone: there is no index yet; run `refrain build` first")
    planner = _Planner(inputs, base)
    again: set[str] = set()
    rows = inputs.songs if stage in (None, "songs") or base is None else int(base.manifest["songs"])
    for each in STAGES:
        before = planner.before(each.name)
        fresh = planner.record(each)
        needed = [name for name in (*each.reads, *each.looks_at) if name in again]
        if stage is not None:
            reason = "asked for" if each.name == stage else f"reads {needed[0]}" if needed else None
        elif force:
            reason = "asked for"
        elif before is None:
            reason = "there is no index to go on from" if base is None else "new in this version"
        elif each.name in inputs.damaged:
            reason = inputs.damaged[each.name]
        else:
            reason = None if before["fingerprint"] == fresh["fingerprint"] else planner.why(each, before, fresh, needed)
        if reason is None and stage is not None:
            why = inputs.damaged.get(each.name, "")
            if before is None:
                why = "new in this version"
            elif before["settings"] != fresh["settings"]:
                why = _settings_changed(before["settings"], fresh["settings"])
            if why:
                raise ConfigError(f"{stage} cannot run alone, for {each.name} is stale: {why}; run `refrain build`")
        if reason is None:
            planner.keep(each, "nothing that it reads has changed" if stage is None else "not asked for")
        else:
            again.add(each.name)
            planner.add(each, "learn" if each.learns else "compute", reason, rows, fresh)
    return Plan(tuple(planner.stages), inputs.changes, damaged=frozenset(inputs.damaged))


def plan_update(inputs: Inputs, base: Generation) -> Plan:
    """Models stay; they are applied to songs that are new or changed, and learned where they are missing.

    Those of _RELEARNED are learned again where what they read has changed.

    EncoderError where another encoder made the vectors of the base: what is continued would be half of the one and half
    of the other.
    """
    planner = _Planner(inputs, base)
    changes, notes = inputs.changes, list[str]()
    again: set[str] = set()  # stages that write other values for songs that were there
    grown = bool(changes.any)
    many = len(changes.digests) if changes.renumber else len(changes.added) + len(changes.changed)
    for each in STAGES:
        before = planner.before(each.name)
        fresh = planner.record(each)
        action: Action = "learn" if each.learns else "compute"
        if before is not None and before["settings"].get("encoder") != fresh["settings"].get("encoder"):
            was, now = (record["settings"]["encoder"].get("name") for record in (before, fresh))
            raise EncoderError(
                f"the index was built with the encoder {was}, found {now if now != was else 'it with other settings'}; "
                "give it back that one, or run `refrain build` to encode all lyrics with today's"
            )
        if before is None:
            again.add(each.name)
            planner.add(each, action, "new in this version", inputs.songs, fresh)
            continue
        needed = [name for name in each.reads if name in again]
        data = any(before["tables"].get(table) != inputs.tables[table] for table in each.tables)
        missing = each.learns and before["outcome"].get("learned") is False
        if needed:
            again.add(each.name)
            planner.add(each, action, f"reads {needed[0]}, which is done again", inputs.songs, fresh)
        elif missing and (data or (grown and _worth_trying(before["catalogue"]["songs"], inputs.songs))):
            again.add(each.name)
            planner.add(
                each, "learn", f"was not learned: {before['outcome'].get('why') or 'too little'}", inputs.songs, fresh
            )
        elif data and each.name in _RELEARNED:
            again.add(each.name)
            planner.add(each, "learn", _changed(each, before, inputs), inputs.songs, fresh)
        elif each.name == "songs":
            if not grown:
                planner.keep(each, "no song is new, changed or deleted")
            elif changes.renumber:
                planner.add(each, "compute", "a fifth of its rows are of deleted songs", inputs.songs, fresh)
            else:
                planner.add(each, "apply", _counted(changes), many, planner.applied(each, before, fresh))
        elif each.learns and each.name != "factors":
            if grown:
                # Its rows are others than those of a model learned afresh, even if the catalogue becomes what it was.
                record = {
                    **before,
                    "fingerprint": fingerprint("continued", before["fingerprint"], fresh["fingerprint"]),
                }
                planner.add(each, "apply", f"to {many:,} songs that are new or changed", many, record)
            else:
                planner.keep(each, "applied to every song")
        elif not (each.tables or each.reads):
            planner.keep(each, "reads no song")
        elif each.name in _EXTENDED:
            if not grown and not (data and each.name == "factors"):
                planner.keep(each, "nothing that it reads has changed")
            elif changes.renumber and each.name != "factors":
                planner.add(each, "compute", "its rows are numbered anew", inputs.songs, fresh)
            else:
                reason = f"to {many:,} songs that are new or changed" if grown else _changed(each, before, inputs)
                planner.add(each, "apply", reason, many, planner.applied(each, before, fresh))
        elif data or grown or any(name in planner.touched for name in each.reads):
            planner.add(each, "compute", _changed(each, before, inputs) if data else "songs were added or deleted",
                        inputs.songs, planner.applied(each, before, fresh))  # fmt: skip
        else:
            planner.keep(each, "nothing that it reads has changed")
        notes += planner.notes(each, before)
    return Plan(tuple(planner.stages), changes, tuple(notes))


# Models of what the catalogue may learn of a song while the song stays as it is: its file is new, or gone.
_RELEARNED = frozenset({"timbre"})

# Stages without a model of their own, or with one that an update goes on from, whose files an update continues.
_EXTENDED = frozenset({"title_stems", "lexical", "sentences", "keywords", "factors", "vectors"})


class _Planner:
    """Collects the plans of stages; knows what the base says of them."""

    def __init__(self, inputs: Inputs, base: Generation | None):
        self._inputs, self._base = inputs, base
        self._records: dict[str, dict[str, Any]] = dict(base.manifest["stages"]) if base is not None else {}
        self._fingerprints: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self.stages: list[StagePlan] = []
        self.touched: set[str] = set()
        self._outgrown: set[str] = set()

    def before(self, name: str) -> dict[str, Any] | None:
        return self._records.get(name)

    def record(self, stage: Stage) -> dict[str, Any]:
        """What the manifest would say of the stage if it were done afresh now."""
        inputs = self._inputs
        settings = stage.settings_of(inputs.config, inputs.encoder)
        tables = {table: inputs.tables[table] for table in stage.tables}
        read = {name: self._fingerprints[name] for name in (*stage.reads, *stage.looks_at)}
        own = fingerprint(stage.name, settings, tables, read)
        size = {"songs": inputs.songs, "playlists": inputs.playlists}
        return {
            "settings": settings, "tables": tables, "reads": read, "fingerprint": own, "catalogue": size, "outcome": {},
        }  # fmt: skip

    def applied(self, stage: Stage, before: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a stage that was continued: never that of one done afresh, so that a build does it again."""
        continued = fingerprint("continued", before["fingerprint"], fresh["fingerprint"])
        exact = stage.name in ("popularity", "cooccurrence", "artist_tags")  # computed whole: as if done afresh
        same_rows = all(self.before(name) and self._fingerprints[name] == fresh["reads"][name] for name in stage.reads)
        return {
            **fresh,
            "settings": before["settings"],
            "catalogue": before["catalogue"] if stage.learns else fresh["catalogue"],
            "fingerprint": fresh["fingerprint"] if exact and same_rows else continued,
        }

    def keep(self, stage: Stage, reason: str) -> None:
        self.add(stage, "keep", reason, 0, dict(self._records[stage.name]))

    def add(self, stage: Stage, action: Action, reason: str, rows: int, record: dict[str, Any]) -> None:
        base = self._base.digest if self._base is not None and action in ("keep", "apply") else None
        read = {name: self._keys[name] for name in (*stage.reads, *stage.looks_at)}
        tables = {table: self._inputs.tables[table] for table in stage.tables}
        settings = stage.settings_of(self._inputs.config, self._inputs.encoder)
        key = fingerprint(stage.name, action, settings, tables, read, base)
        self.stages.append(StagePlan(stage.name, action, reason, rows, key, record))
        self._fingerprints[stage.name], self._keys[stage.name] = record["fingerprint"], key
        if action != "keep":
            self.touched.add(stage.name)

    def why(self, stage: Stage, before: Mapping[str, Any], fresh: Mapping[str, Any], needed: list[str]) -> str:
        """What differs between a record and what it would be now, in words."""
        if before["settings"] != fresh["settings"]:
            return _settings_changed(before["settings"], fresh["settings"])
        if any(before["tables"].get(table) != value for table, value in fresh["tables"].items()):
            return _changed(stage, before, self._inputs)
        if needed:
            return f"reads {needed[0]}, which is done again"
        return "was continued by an update, and is made anew from the whole catalogue"

    def notes(self, stage: Stage, before: Mapping[str, Any]) -> list[str]:
        """What an update leaves to a build."""
        inputs, notes = self._inputs, []
        now = stage.settings_of(inputs.config, inputs.encoder)
        if before["settings"].get("version") != now["version"]:
            notes.append(f"the program has changed what {stage.name} does: run `refrain build` to do it again")
        for what, many in (("songs", inputs.songs), ("playlists", inputs.playlists)):
            earlier = before["catalogue"][what]
            outgrown = before["outcome"].get("learned") and many > OUTGROWN * earlier
            if outgrown and _counts(stage, what) and what not in self._outgrown:
                self._outgrown.add(what)  # one sentence for all models that have outgrown the same
                notes.append(
                    f"the catalogue has {many:,} {what}, its models were learned when it had {earlier:,}: "
                    "run `refrain build` to learn them again"
                )
        return notes


def _worth_trying(songs_before: int, songs: int) -> bool:
    """Whether what could not be learned from so many songs may be learned from so many now."""
    return songs >= OUTGROWN * songs_before or (songs_before < FEW and songs > songs_before)


def _counts(stage: Stage, what: str) -> bool:
    return "playlists" in stage.tables if what == "playlists" else not stage.tables


def _counted(changes: Changes) -> str:
    parts = ((len(changes.added), "new"), (len(changes.changed), "changed"), (changes.removed, "deleted"))
    return ", ".join(f"{many:,} {what}" for many, what in parts if many)


def _changed(stage: Stage, before: Mapping[str, Any], inputs: Inputs) -> str:
    """Which part of the catalogue has changed since, with numbers where they are known."""
    names = [table for table in stage.tables if before["tables"].get(table) != inputs.tables[table]]
    size, words = {"songs": inputs.songs, "playlists": inputs.playlists}, []
    for name in names:
        many, earlier = size.get(name), before["catalogue"].get(name)
        if many != earlier:
            words.append(f"the catalogue has {many:,} {_TABLES[name]}, not {earlier:,}")
        else:
            words.append(f"{_TABLES[name]} have changed")
    return ", ".join(words)


def _settings_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if before.get("encoder") != now.get("encoder"):
        return "the encoder or its settings have changed"
    if before.get("version") != now.get("version"):
        return "the program has changed what it does"
    was, is_ = _flat(before.get("settings")), _flat(now.get("settings"))
    names = [name for name in {**was, **is_} if was.get(name) != is_.get(name)]
    changed = [f"{name} was {was.get(name, 'not there')}, is {is_.get(name, 'not there')}" for name in names]
    return "; ".join(changed[:3]).lstrip() or "its settings have changed"


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {prefix or "the setting": json.dumps(value)}
    flat: dict[str, str] = {}
    for name, each in value.items():
        flat |= _flat(each, f"{prefix}.{name}" if prefix else str(name))
    return flat
