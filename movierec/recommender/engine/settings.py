"""Settings of the recommender, typed and immutable; `Settings()` is what is served by default."""

from dataclasses import dataclass, field
from typing import Literal

Dislikes = Literal["push", "trained"]


@dataclass(frozen=True, slots=True)
class EdlaeSettings:
    """One of the two item–item matrices.

    `dropout` is p, the share of a history that the matrix learns to do without: it decides how long
    the histories are that the matrix serves best. `discount` is γ: a film's column is divided by
    `(raters + spared) ** γ`, which is what the `novelty` knob turns; films of fewer raters than `spared` hardly
    differ by it. `ridge` is λ for a community of 600; it grows as `(users / 600) ** growth`, to 500 at most
    unless it starts above.
    """

    dropout: float
    discount: float
    spared: float
    ridge: float
    growth: float

    def ridge_for(self, users: int) -> float:
        """λ for so many users; quality is flat within a factor of two of it."""
        grown: float = self.ridge * max(users / 600.0, 0.1) ** self.growth
        return min(max(500.0, self.ridge), grown)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the community's ratings become a model, and how a history becomes scores."""

    long: EdlaeSettings = field(default_factory=lambda: EdlaeSettings(0.7, 0.3, 10.0, 260.0, 0.45))
    short: EdlaeSettings = field(default_factory=lambda: EdlaeSettings(0.98, 0.3, 100.0, 900.0, 0.0))
    # Histories of up to `few` ratings are served by the short memory alone, from `many` by the long one.
    few: int = 10
    many: int = 90
    # Share of popularity for an empty history's neighbours; it fades out at `popular_until` ratings.
    popular_share: float = 0.5
    popular_until: int = 8
    dislikes: Dislikes = "push"
    # A film with fewer raters never influences another: nobody's rating can be read off a list.
    min_raters: int = 5
    max_films: int = 20_000
    # Beyond this many, films are taken, most rated first, only until this share of all ratings is inside.
    always_films: int = 5_000
    coverage: float = 0.97
    # Ratings of one user that count in training, and in serving (the latest).
    training_history: int = 1_500
    serving_history: int = 500
    # Weight of the rows of facts that are appended to the ratings in training. They are evidence of a fixed
    # size, as if so many raters thought in genres alone, which a growing community outweighs by itself: 3 was
    # best for 100, 200 and 488 raters alike, worth 8, 4 and 1.4 % of NDCG@100 with whole histories.
    fact_weight: float = 3.0
    seed: int = 42
