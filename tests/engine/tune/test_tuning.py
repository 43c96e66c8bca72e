"""Tuning: the search finds known optima, a second split decides, the weights file knows its index."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.score.fusion import contributions, normalise, scores
from engine.score.weights import Weights
from engine.tune.acceptance import TuningReport, accept, accepted_weights, paired_p
from engine.tune.golden import coordinate_ascent, golden_section, ndcg_at
from engine.tune.playlists import best
from indexer.errors import FilterError, IndexFormatError

# --- golden section -----------------------------------------------------------------------------------------------


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(0, 1), st.floats(0.3, 3), st.sampled_from([3, 5, 9]))
@settings(max_examples=200)
def test_it_finds_the_peak_of_any_unimodal_function(low, width, where, power, coarse):
    peak = low + where * width
    found = golden_section(lambda x: -(abs(x - peak) ** power), low, low + width, coarse=coarse, tolerance=1e-3)
    assert abs(found.x - peak) <= 1e-3
    assert found.value == max(y for _, y in found.evaluations)
    assert dict(found.evaluations)[found.x] == found.value
    assert all(low <= x <= low + width for x, _ in found.evaluations)


@given(st.floats(0.05, 0.95), st.integers(4, 40), st.floats(0.0, 0.4))
@settings(max_examples=100)
def test_it_climbs_a_staircase_with_flat_ends(peak, steps, flat):
    def staircase(x: float) -> float:
        height = max(0.0, 1 - abs(x - peak) / max(1 - flat, 0.1))
        return math.floor(height * steps) / steps

    found = golden_section(staircase, 0.0, 1.0)
    best = max(staircase(x) for x in np.linspace(0, 1, 4001))
    assert found.value >= best - 1 / steps - 1e-9, "at most one step below the top, and only if that is narrow"


def test_a_narrow_bump_on_a_flat_floor_is_found_by_the_grid():
    """Plain golden section sees two equal points on the floor and walks away from the bump."""

    def bump(x: float) -> float:
        return max(0.0, 1 - abs(x - 0.12) / 0.08)

    assert golden_section(bump, 0.0, 1.0).x == pytest.approx(0.12, abs=2e-3)


def test_of_a_plateau_it_takes_the_middle():
    found = golden_section(lambda x: float(0.2 <= x <= 0.6), 0.0, 1.0)
    assert found.value == 1.0
    assert 0.3 <= found.x <= 0.5


def test_a_flat_function_costs_few_evaluations_and_none_twice():
    calls: list[float] = []
    golden_section(lambda x: calls.append(x) or 0.0, 0.0, 1.0)  # type: ignore[func-returns-value]
    assert len(calls) == len(set(calls)) <= 25


@pytest.mark.parametrize(
    ("low", "high", "options"),
    [(1.0, 1.0, {}), (2.0, 1.0, {}), (0.0, math.inf, {}), (0.0, 1.0, {"coarse": 2}), (0.0, 1.0, {"tolerance": 0.0})],
)
def test_an_impossible_bracket_is_refused(low, high, options):
    with pytest.raises(ValueError):
        golden_section(lambda x: x, low, high, **options)


def test_a_metric_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        golden_section(lambda x: math.nan, 0.0, 1.0)


# --- weights ------------------------------------------------------------------------------------------------------


def test_it_finds_the_top_of_a_hill_in_three_weights():
    top = {"lyrics": 0.7, "audio": 2.5, "taste": 1.2}

    def hill(w: dict[str, float]) -> float:
        u = {name: w[name] - top[name] for name in top}
        return -(u["lyrics"] ** 2) - u["audio"] ** 2 - u["taste"] ** 2 - 0.5 * u["lyrics"] * u["audio"]

    start = {"lyrics": 1.0, "audio": 1.0, "taste": 1.0}
    tuned = coordinate_ascent(hill, list(top), start, rounds=10)
    assert tuned.weights == pytest.approx(top, abs=0.1)
    assert tuned.before == hill(start)
    assert tuned.after == hill(dict(tuned.weights)) == max(t.metric for t in tuned.trace)
    assert tuned.start == start


def test_the_trace_says_what_was_tried_and_when():
    tuned = coordinate_ascent(lambda w: -abs(w["a"] - 3), ["a"], {"a": 1.0, "fixed": 2.0})
    assert (tuned.trace[0].round, tuned.trace[0].signal, tuned.trace[0].metric) == (0, "", -2.0)
    assert {t.signal for t in tuned.trace[1:]} == {"a"}
    assert all(t.metric == -abs(t.weight - 3) for t in tuned.trace[1:])
    assert tuned.weights["fixed"] == 2.0
    assert {t.round for t in tuned.trace} == {0, 1, 2}, "the second round changed nothing, so there is no third"


def test_where_nothing_helps_nothing_moves():
    tuned = coordinate_ascent(lambda w: 0.25, ["a", "b"], {"a": 1.0, "b": 1.0})
    assert tuned.weights == {"a": 1.0, "b": 1.0}
    assert tuned.before == tuned.after == 0.25
    assert max(t.round for t in tuned.trace) == 1


def test_it_never_ends_lower_than_it_began_and_leaves_the_start_alone():
    seen = []

    def rugged(w: dict[str, float]) -> float:
        seen.append(w)
        return math.sin(7 * w["a"]) + math.cos(5 * w["b"])

    start = {"a": 0.2, "b": 1.3}
    tuned = coordinate_ascent(rugged, ["a", "b"], start)
    assert tuned.after >= tuned.before
    assert start == {"a": 0.2, "b": 1.3}
    assert all(w is not start for w in seen)


@pytest.mark.parametrize("names", [[], ["c"], ["a", "a"]])
def test_names_must_be_in_the_start_once(names):
    with pytest.raises(ValueError):
        coordinate_ascent(lambda w: 0.0, names, {"a": 1.0})


def synthetic_queries(rng, n, noise=(1.0, 3.0)):
    """Two signals that see the relevant songs through noise: the less noisy one deserves the larger weight."""
    queries = []
    for _ in range(n):
        relevant = np.zeros(60)
        relevant[rng.choice(60, 6, replace=False)] = 1
        signals = np.stack([1.5 * relevant + s * rng.normal(size=60) for s in noise], axis=1)
        queries.append((normalise(signals), relevant))
    return queries


def per_query(queries, weights):
    metrics = []
    for z, relevant in queries:
        order = np.argsort(-scores(contributions(z, list(weights.values()))), kind="stable")
        metrics.append(ndcg_at(relevant[order], 10, 6))
    return np.array(metrics)


def test_tuned_weights_hold_on_a_split_that_the_tuning_did_not_see():
    rng = np.random.default_rng(1)
    tuning, check = synthetic_queries(rng, 150), synthetic_queries(rng, 300)
    start = {"good": 1.0, "noisy": 1.0}
    tuned = coordinate_ascent(lambda w: float(per_query(tuning, w).mean()), list(start), start, rounds=2, tolerance=0.1)
    report = TuningReport("ndcg@10", tuned, accept(per_query(check, start), per_query(check, tuned.weights)))
    assert report.accepted
    assert report.check.after > report.check.before + 0.02
    assert report.weights == tuned.weights
    assert tuned.weights["good"] > 1.5 * tuned.weights["noisy"]
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["accepted"] is True
    assert told["weights"] == pytest.approx(dict(tuned.weights))
    assert told["check_split"] == {"before": report.check.before, "after": report.check.after, "queries": 300}
    assert len(told["trace"]) == len(tuned.trace)
    assert set(told["trace"][0]) == {"round", "signal", "weight", "metric"}


def test_weights_that_the_second_split_rejects_are_not_used():
    tuned = coordinate_ascent(lambda w: w["a"], ["a"], {"a": 1.0})
    rng = np.random.default_rng(0)
    before = rng.random(100)
    report = TuningReport("ndcg@10", tuned, accept(before, before + rng.normal(0, 0.3, 100)))
    assert not report.accepted
    assert report.weights == {"a": 1.0}
    assert report.to_dict()["tuned"] == {"a": 4.0}


# --- acceptance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_p_value_is_a_permutation_tests(seed):
    """Sign flips assume less than the t-test does; on 40 queries the two agree."""
    from scipy.stats import permutation_test

    rng = np.random.default_rng(seed)
    before = rng.random(40)
    after = np.clip(before + rng.normal(0.02 * seed, 0.1, 40), 0, 1)
    exact = permutation_test(
        (before, after), lambda x, y, axis: (y - x).mean(axis), permutation_type="samples", vectorized=True,
        n_resamples=20_000, rng=np.random.default_rng(9),
    ).pvalue  # fmt: skip
    compared = accept(before, after)
    assert compared.p_value == pytest.approx(exact, abs=0.03)
    assert compared.p_value == paired_p(after, before), "two-sided: the order of the systems does not matter"
    assert compared.after == pytest.approx(after.mean())


def test_worse_equal_and_hardly_better_are_not_accepted():
    rng = np.random.default_rng(0)
    base = rng.random(200)
    worse = base - 0.1 * rng.random(200)
    assert not accept(base, base).accepted
    assert accept(base, base).p_value == 1.0
    assert not accept(base, worse).accepted
    assert accept(base, worse).p_value < 0.05
    assert not accept([0.1, 0.2, 0.3], [0.5, 0.1, 0.4]).accepted
    assert not accept([0.1], [0.9]).accepted, "one query proves nothing"


def test_a_difference_that_is_the_same_of_every_query_is_no_chance():
    assert paired_p([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]) == 0.0
    assert paired_p([0.0] * 9, [0.0] * 9) == 1.0


def test_chance_is_accepted_about_once_in_forty():
    """Two-sided 0.05, and the mean must be higher: 0.025. 200 draws of one system against itself."""
    rng = np.random.default_rng(3)
    accepted = sum(accept(rng.random(30), rng.random(30)).accepted for _ in range(200))
    assert accepted <= 13  # the binomial's 99.9th percentile


def test_comparison_is_the_same_every_time():
    rng = np.random.default_rng(0)
    before, after = rng.random((2, 50))
    assert accept(before, after) == accept(before, after)


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]]), ([math.nan], [1.0])])
def test_metrics_that_cannot_be_compared_are_refused(before, after):
    with pytest.raises(ValueError):
        accept(before, after)


# --- metrics ------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 1), min_size=1, max_size=30), st.integers(0, 5), st.integers(1, 40))
@settings(max_examples=60)
def test_metrics_are_those_of_ir_measures(relevance, missed, k):
    ir_measures = pytest.importorskip("ir_measures")
    n_relevant = sum(relevance) + missed
    if not n_relevant:
        return
    qrels = [ir_measures.Qrel("q", f"s{i}", r) for i, r in enumerate(relevance)]
    qrels += [ir_measures.Qrel("q", f"missed{i}", 1) for i in range(missed)]
    run = [ir_measures.ScoredDoc("q", f"s{i}", float(-i)) for i in range(len(relevance))]
    ndcg = ir_measures.nDCG @ k
    expected = ir_measures.calc_aggregate([ndcg], qrels, run)
    assert ndcg_at(relevance, k, n_relevant) == pytest.approx(expected[ndcg], abs=1e-6)


def test_a_perfect_and_an_empty_ranking():
    assert ndcg_at([1, 1, 0], 10, 2) == 1.0
    assert ndcg_at([], 10, 2) == 0.0


@pytest.mark.parametrize(("relevance", "n"), [([1], 0), ([1, 1], 1), ([2], 3), ([0.5], 1), ([[1]], 1)])
def test_judgements_that_cannot_be_are_refused(relevance, n):
    with pytest.raises(ValueError):
        ndcg_at(relevance, 10, n)
    with pytest.raises(ValueError):
        ndcg_at([1], 0, 1)


# --- weights file -------------------------------------------------------------------------------------------------


def test_a_weights_file_comes_back_as_it_was(tmp_path):
    path = tmp_path / "refrain.weights.json"
    weights = Weights({"one": {"lyrics": 0.5, "audio": 0.1}, "several": {}}, "abc")
    weights.save(path)
    assert Weights.load(path, fingerprint="abc", names=["audio", "lyrics", "tbert"]) == weights
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_weights_of_another_index_are_refused_and_say_what_to_do(tmp_path):
    path = tmp_path / "w.json"
    Weights({"one": {"lyrics": 0.5}}, "abc").save(path)
    with pytest.raises(IndexFormatError, match=r"tuned for another index \(abc, this one is xyz\).*refrain tune"):
        Weights.load(path, fingerprint="xyz", names=["lyrics"])


def test_unknown_signals_and_impossible_weights_are_refused(tmp_path):
    path = tmp_path / "w.json"
    Weights({"several": {"lyrics": 0.5, "horoscope": 1.0}}, "abc").save(path)
    with pytest.raises(FilterError, match=r"horoscope.*audio.*lyrics"):
        Weights.load(path, fingerprint="abc", names=["lyrics", "audio"])
    with pytest.raises(FilterError, match="lyrics is nan"):
        Weights({"one": {"lyrics": math.nan}}, "abc")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"[]", b"{}", b"\xff\xfe",
     b'{"format": 2, "fingerprint": "abc", "weights": {"one": {"lyrics": "much"}}}',
     b'{"format": 2, "fingerprint": "abc", "weights": {"two": {"lyrics": 1}}}',
     b'{"format": 2, "fingerprint": "abc", "weights": [1]}',
     b'{"format": 1, "fingerprint": "abc", "weights": {"a": 1}}',
     b'{"format": 9, "fingerprint": "abc", "weights": {}}'],
)  # fmt: skip
def test_a_broken_weights_file_is_one_clear_error(tmp_path, content):
    path = tmp_path / "w.json"
    path.write_bytes(content)
    with pytest.raises(IndexFormatError, match="refrain tune"):
        Weights.load(path, fingerprint="abc", names=["lyrics"])


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 12))
def test_equal_scores_are_ordered_by_row(values, k):
    scores = np.array(values, np.float32)
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]
    assert best(scores, k).tolist() == expected


def test_only_accepted_weights_take_the_place_of_those_before():
    tuned = coordinate_ascent(lambda w: w["a"], ["a"], {"a": 1.0})
    accepted = TuningReport("m", tuned, accept(np.zeros(30), np.linspace(0.1, 0.2, 30)))
    rejected = TuningReport("m", tuned, accept(np.linspace(0.1, 0.2, 30), np.zeros(30)))
    start = {"one": {"a": 1.0, "b": 2.0}, "several": {"a": 1.0}}
    assert accepted_weights(start, {"one": accepted, "several": rejected}) == {
        "one": {"a": 4.0, "b": 2.0},
        "several": {"a": 1.0},
    }
