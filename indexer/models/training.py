"""Training: what the loops that learn by epochs share."""

from __future__ import annotations

import math


class EarlyStopping:
    """Watches a loss over epochs.

    patience   epochs without a better value that are allowed; one more and `stop` is True

    >>> stopping = EarlyStopping(patience=1)
    >>> [(stopping.improves(loss), stopping.stop) for loss in (3.0, 2.0, 2.5, 2.1)]
    [(True, False), (True, False), (False, False), (False, True)]
    """

    def __init__(self, patience: int):
        self.best = math.inf
        self._patience = patience
        self._waited = 0
        self._diverged = False

    def improves(self, loss: float) -> bool:
        """Take the loss of an epoch: True where it is the lowest so far, and the weights are to be kept."""
        self._diverged = not math.isfinite(loss)
        if loss < self.best:
            self.best, self._waited = loss, 0
            return True
        self._waited += 1
        return False

    @property
    def stop(self) -> bool:
        """True after a loss that is not finite, and when patience is at its end."""
        return self._diverged or self._waited > self._patience
