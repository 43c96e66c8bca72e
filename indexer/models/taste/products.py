"""The products that training takes its time with, and their gradients: sparse by dense, softmax over candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_array


def times(matrix: csr_array, table: torch.Tensor) -> torch.Tensor:
    """matrix @ table; scipy multiplies sparse matrices several times faster than torch's embedding bag."""
    import torch

    class Times(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, table: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(matrix @ table.numpy())

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(matrix.T @ gradient.numpy())

    product: torch.Tensor = Times.apply(table)  # type: ignore[no-untyped-call]  # torch gives it no types
    return product


def mean_surprise(
    queries: torch.Tensor, candidates: torch.Tensor, bias: torch.Tensor, answers: torch.Tensor
) -> torch.Tensor:
    """Mean over queries of -log softmax(queries @ candidates' + bias)[answer], a number.

    queries      float32 (n, size);  candidates  float32 (m, size)
    bias         float32 (n, m), through which nothing is learned; very negative where a candidate takes no part
    answers      int64 (n,): the column of each query's answer

    What torch would do step by step, each step over all n x m numbers, forwards and back: most of a training's time.
    Here they are made once, and turned where they lie into the gradient.
    """
    import torch

    class Surprise(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, queries: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
            logs = torch.log_softmax(torch.addmm(bias, queries, candidates.T), dim=1)
            loss = -logs.gather(1, answers[:, None]).mean()
            if any(ctx.needs_input_grad):
                ctx.save_for_backward(queries, candidates, logs.exp_())
            return loss

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            queries, candidates, chances = ctx.saved_tensors
            chances[torch.arange(len(chances)), answers] -= 1
            scale = gradient / len(chances)
            return (chances @ candidates) * scale, (chances.T @ queries) * scale

    loss: torch.Tensor = Surprise.apply(queries, candidates)  # type: ignore[no-untyped-call]  # torch gives it no types
    return loss
