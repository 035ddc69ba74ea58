"""One figure of what we claim: the stock bot's, ours, and what neither can pass."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row of the table.

    Attributes:
        name: what is measured.
        unit: of its numbers.
        stock: the stock bot's; None: it has none.
        ours: Dialout's.
        to_reach: what ours is to reach.
        floor: what no bot can pass, with the same vendors and models.
        more: whether more is better.
    """

    name: str
    unit: str
    stock: float | None
    ours: float
    to_reach: float
    floor: float | None = None
    more: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the stock bot's; None, where one of the two is nothing."""
        if not self.stock or not self.ours:
            return None
        return self.ours / self.stock if self.more else self.stock / self.ours

    @property
    def reached(self) -> bool:
        """Whether ours is as good as it is to be."""
        return self.ours >= self.to_reach if self.more else self.ours <= self.to_reach
