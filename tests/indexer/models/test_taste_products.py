"""The products of taste's training beside what torch makes of the same formulas, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from torch.nn import functional

from indexer.models.taste.products import mean_surprise, times
from indexer.models.taste.training import _dropout


@pytest.mark.parametrize("length", [1.0, 300.0])  # the second: logits that a float32 cannot hold the exponential of
def test_the_surprise_and_its_gradients_are_those_of_a_softmax(length: float) -> None:
    torch.manual_seed(0)
    queries, candidates = torch.randn(7, 5) * length, torch.randn(11, 5)
    bias = torch.where(torch.rand(7, 11) < 0.3, torch.tensor(-1e9), torch.randn(7, 11))
    answers = torch.tensor([3, 0, 10, 4, 4, 2, 9])
    bias[torch.arange(7), answers] = 0.5
    ours = [queries.clone().requires_grad_(), candidates.clone().requires_grad_()]
    theirs = [queries.clone().requires_grad_(), candidates.clone().requires_grad_()]
    loss = mean_surprise(*ours, bias, answers)
    expected = functional.cross_entropy(theirs[0] @ theirs[1].T + bias, answers)
    torch.testing.assert_close(loss, expected)
    for one in (loss * 0.3, expected * 0.3):  # the gradient that comes from behind counts
        one.backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_without_gradients_the_surprise_is_the_same() -> None:
    queries, candidates, bias = torch.randn(4, 3), torch.randn(6, 3), torch.randn(4, 6)
    answers = torch.arange(4)
    with torch.inference_mode():
        loss = mean_surprise(queries, candidates, bias, answers)
    torch.testing.assert_close(loss, functional.cross_entropy(queries @ candidates.T + bias, answers))


def test_sparse_times_dense_and_its_gradient_are_those_of_the_dense_matrix() -> None:
    rng = np.random.default_rng(0)
    dense = (rng.random((6, 9)) * (rng.random((6, 9)) < 0.4)).astype(np.float32)
    ours = torch.randn(9, 4, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    weight = torch.randn(6, 4)
    (times(csr_array(dense), ours) * weight).sum().backward()
    ((torch.from_numpy(dense) @ theirs) * weight).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.75])
def test_dropout_hides_its_share_and_leaves_the_mean(share: float) -> None:
    drawn = _dropout((400, 500), share, np.random.default_rng(0)).numpy()
    assert drawn.dtype == np.float32
    assert abs((drawn == 0).mean() - share) < 0.01
    assert abs(drawn.mean() - 1) < 0.02
    assert len(np.unique(drawn)) <= 2
