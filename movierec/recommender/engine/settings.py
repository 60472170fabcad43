"""Settings of the recommender: every constant that shapes a score, typed and immutable.

`ModelSettings` says how community ratings become a model; a model's manifest stores it. The other classes hold the
constants of one scorer each, and no manifest stores them. Each field has a sentence, a unit and, where it was
measured, the label of the benchmark that chose it; `scripts/settings_table.py` prints them for `docs/recommender.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast

Dislikes = Literal["push", "trained"]
T = TypeVar("T")

# Benchmarks that chose a value, or tests that guard it, by the label that `chosen_by` has.
BENCHMARKS = {
    "splits": "`python -m benchmarks.peers FOLDER --seeds 1 2 3 4`: NDCG@100 on ml-latest-small, on seeds 1 and 2 of "
    "MovieLens 1M",
    "evaluate": "`movierec-server evaluate --movielens FOLDER`: NDCG@100, novelty in bits, known dislikes",
    "rmse": "`movierec-server evaluate --movielens FOLDER --rivals`: RMSE of predicted ratings",
    "newcomers": "`python -m benchmarks.newcomers FOLDER`: NDCG@100 of first lists",
    "serving": "`python -m benchmarks.serving`: milliseconds for a list",
    "personas": "`pytest tests/recommender/test_personas.py`: lists of people with one taste, and similar movies",
    "ranking": "`pytest tests/recommender/engine/test_ranking.py`",
    "cold start": "`pytest tests/recommender/engine/test_cold_start.py`",
    "franchises": "`pytest tests/recommender/engine/test_franchises.py`",
}


def _setting(default: T, meaning: str, unit: str = "", chosen_by: str = "") -> T:
    """Return a dataclass field with its default and its row of the settings table."""
    return field(default=default, metadata=_metadata(meaning, unit, chosen_by))


def _mapping(
    default: dict[str, float], meaning: str, unit: str = "", chosen_by: str = ""
) -> dict[str, float]:
    """Return a dataclass field whose default is a copy of a dictionary."""
    setting: object = field(
        default_factory=lambda: dict(default), metadata=_metadata(meaning, unit, chosen_by)
    )
    return cast(dict[str, float], setting)


def _metadata(meaning: str, unit: str, chosen_by: str) -> dict[str, str]:
    return {"meaning": meaning, "unit": unit, "chosen_by": chosen_by}


@dataclass(frozen=True, slots=True)
class EdlaeSettings:
    """Settings of one of the two item–item matrices."""

    dropout: float = field(
        metadata=_metadata(
            "p, the share of a history that the matrix learns to do without: it decides which lengths of history "
            "the matrix serves best.",
            "share",
            "splits",
        )
    )
    discount: float = field(
        metadata=_metadata(
            "γ: an item's column is multiplied by `(raters + spared) ** -γ`. The `novelty` knob turns it.",
            "exponent",
            "splits",
        )
    )
    spared: float = field(
        metadata=_metadata(
            "Raters below which the discount hardly distinguishes items, so that one γ fits communities of hundreds "
            "and of thousands.",
            "raters",
            "splits",
        )
    )
    ridge: float = field(
        metadata=_metadata(
            "λ for a community of 600 users. Quality is flat within a factor of two of it.",
            "squared weights",
            "splits",
        )
    )
    growth: float = field(
        metadata=_metadata(
            "λ grows as `(users / 600) ** growth`, to 500 at most unless it starts above.",
            "exponent",
            "splits",
        )
    )

    def ridge_for(self, users: int) -> float:
        """Return λ for a community of `users` users."""
        grown: float = self.ridge * max(users / 600.0, 0.1) ** self.growth
        return min(max(500.0, self.ridge), grown)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Training settings: which ratings count, the two matrices, and their blend by the length of a history."""

    long: EdlaeSettings = field(
        default_factory=lambda: EdlaeSettings(0.7, 0.3, 10.0, 260.0, 0.45),
        metadata=_metadata("The matrix for long histories.", "", "splits"),
    )
    short: EdlaeSettings = field(
        default_factory=lambda: EdlaeSettings(0.98, 0.3, 100.0, 900.0, 0.0),
        metadata=_metadata("The matrix for short histories.", "", "splits"),
    )
    few: int = _setting(10, "The short matrix alone scores histories up to this length.", "ratings", "splits")
    many: int = _setting(
        90, "The long matrix alone scores histories from this length on.", "ratings", "splits"
    )
    popular_share: float = _setting(
        0.5, "Weight of popularity for a history of almost no ratings.", "share of the score", "splits"
    )
    popular_until: int = _setting(
        8, "Length of a history at which popularity has faded out.", "ratings", "splits"
    )
    dislikes: Dislikes = field(
        default="push",
        metadata=_metadata(
            "`push`: a dislike pushes its neighbours down. `trained`: it has the small positive weight of training.",
            "",
            "evaluate",
        ),
    )
    min_raters: int = _setting(
        5,
        "An item with fewer raters never influences another, so that nobody's rating can be read off a list.",
        "raters",
    )
    max_films: int = _setting(
        20_000, "Maximum number of items of a model; memory grows with its square.", "items"
    )
    always_films: int = _setting(
        5_000, "Number of items, most rated first, that a model takes whatever `coverage` says.", "items"
    )
    coverage: float = _setting(
        0.97,
        "Beyond `always_films` a model takes items only until this share of all ratings is inside.",
        "share of the ratings",
        "evaluate",
    )
    training_history: int = _setting(1_500, "Maximum number of ratings of one user in training.", "ratings")
    serving_history: int = _setting(
        500, "Maximum number of ratings of one user in a request, the newest.", "ratings", "serving"
    )
    fact_weight: float = _setting(
        3.0,
        "Weight of the rows of facts that are appended to the ratings in training: evidence of a fixed size, which a "
        "growing community outweighs. 3 was best for 100, 200 and 488 raters alike, worth 8, 4 and 1.4 % of NDCG@100 "
        "with whole histories.",
        "rating weights",
        "splits",
    )
    seed: int = _setting(42, "Seed of the sample of a history longer than `training_history`.")


@dataclass(frozen=True, slots=True)
class WeightSettings:
    """Graded weights of ratings, one for each of the five steps of the scale."""

    thresholds: tuple[float, ...] = _setting(
        (1.6, 2.6, 3.6, 4.6),
        "Lower ends of 2, 3, 4 and 5 stars, between the half-star steps.",
        "stars",
    )
    training: tuple[float, ...] = _setting(
        (0.2, 0.3, 0.6, 1.0, 1.4),
        "Weight of a rating in training. All are positive: a rating at all is evidence of interest. A cut at 4 stars "
        "instead of grades costs 6 %. Multiples of 0.1: sums of them are exact.",
        "weight",
        "evaluate",
    )
    pushed: tuple[float, ...] = _setting(
        (-0.3, -0.1, 0.4, 1.0, 1.3),
        "Weight of a rating of the scored history where dislikes push.",
        "weight",
        "evaluate",
    )
    typical_history: float = _setting(
        150.0,
        "Rows are scaled relative to a history of this length, so that λ means the same for every community.",
        "ratings",
    )
    history_exponent: float = _setting(
        -0.5,
        "Exponent of a user's scale in the Gram matrix, so that the busiest raters do not outweigh the rest.",
        "exponent",
        "evaluate",
    )


@dataclass(frozen=True, slots=True)
class NoveltySettings:
    """The `novelty` knob, from 0 (well known) to 1 (adventurous)."""

    default: float = _setting(0.5, "Value of the knob that changes nothing.", "0–1")
    max_extra_discount: float = _setting(
        0.3, "Added to γ of both matrices at novelty 1.", "exponent", "evaluate"
    )


# The value of the novelty knob that changes nothing.
DEFAULT_NOVELTY = NoveltySettings().default


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Weights of facts in the feature vectors of items."""

    kind_weights: Mapping[str, float] = _mapping(
        {
            "genre": 0.85,
            "mix": 0.3,
            "decade": 0.72,
            "language": 0.8,
            "spoken": 0.2,
            "country": 0.35,
            "director": 0.85,
            "writer": 0.5,
            "actor": 0.6,
            "keyword": 0.7,
            "series": 0.7,
        },
        "Weight of each kind of fact where two items are compared; a cosine sums the squares.",
        "weight",
        "personas",
    )
    optional_kinds: frozenset[str] = _setting(
        frozenset({"series", "spoken"}),
        "Kinds that most items lack because there is nothing to know: nothing is missing.",
    )
    full_rarity: Mapping[str, float] = _mapping(
        {"genre": 0.5, "language": 2.5, "spoken": 2.5, "country": 2.5},
        "Rarity (IDF) from which on a kind of fact has its full weight: that a movie is in English says next to "
        "nothing.",
        "nats",
        "personas",
    )
    genre_factors: Mapping[str, float] = _mapping(
        {
            "animation": 1.5,
            "children": 1.3,
            "documentary": 1.5,
            "horror": 1.6,
            "musical": 1.3,
            "sci-fi": 1.4,
            "science fiction": 1.4,
            "war": 1.3,
            "western": 1.5,
            "adventure": 0.8,
            "biography": 0.8,
            "crime": 0.8,
            "drama": 0.5,
            "fantasy": 0.8,
            "history": 0.6,
            "mystery": 0.6,
            "thriller": 0.8,
        },
        "Factor of a genre's rarity: horror is horror, but anything may be filed under mystery. A pair of genres has "
        "the smaller factor of both.",
        "factor",
        "personas",
    )
    item_smoothing: float = _setting(1.0, "Added to the number of items in the rarity of a fact.", "items")
    fact_smoothing: float = _setting(
        0.5, "Added to the number of items that have a fact in its rarity.", "items"
    )
    max_people: int = _setting(
        8,
        "Number of people of one role, in the order of the credits, that count as facts: those further down tell "
        "little about a movie.",
        "people",
    )
    missing: float = _setting(
        0.35,
        "Share of the squared weight of a missing kind that an item's length keeps: an item of which little is known "
        "must not look like the twin of every item that shares the little.",
        "share",
        "personas",
    )


@dataclass(frozen=True, slots=True)
class ContentSettings:
    """Constants of the score by facts."""

    similarity_weight: float = _setting(
        1.25, "Weight of the similarity to the user's profile.", "standard deviations", "personas"
    )
    quality_weight: float = _setting(
        0.5, "Weight of quality beside a history.", "per standard deviation", "personas"
    )
    popularity_weight: float = _setting(
        0.45, "Weight of popularity beside a history.", "per standard deviation", "personas"
    )
    cold_quality_weight: float = _setting(
        0.5, "Weight of quality without a history.", "per standard deviation", "personas"
    )
    cold_popularity_weight: float = _setting(
        0.8, "Weight of popularity without a history.", "per standard deviation", "personas"
    )
    max_quality: float = _setting(
        3.0,
        "Quality is clipped here: masterpieces are no reason to leave one's taste behind.",
        "standard deviations",
        "personas",
    )
    agreement: float = _setting(
        1.0,
        "Exponent of the share of liked items that have a broad fact: what one liked item has alone counts less.",
        "exponent",
        "personas",
    )
    agreement_history: int = _setting(
        4, "Length of a history beyond which that exponent falls as 1 / length.", "ratings", "personas"
    )
    broad_kinds: tuple[str, ...] = _setting(
        ("genre", "mix", "decade", "language", "country"), "Kinds of fact to which the agreement applies."
    )
    uniting_kinds: tuple[str, ...] = _setting(
        ("genre", "mix", "language", "country"), "Kinds of fact that can unite all liked items."
    )
    uniting_rarity: float = _setting(
        2.0, "Least rarity of a fact that unites all liked items.", "nats", "personas"
    )
    uniting_factor: float = _setting(
        1.5,
        "Factor of a rare fact that all liked items share: who loves three movies in Hindi means Hindi.",
        "factor",
        "personas",
    )
    dislike_weight: float = _setting(
        0.3,
        "Weight of a star below the user's mean against one above it: a rating at all shows some interest.",
        "factor",
        "personas",
    )
    mean_prior: float = _setting(3.5, "Mean rating of a user with no ratings.", "stars")
    mean_prior_ratings: float = _setting(
        3.0, "Number of ratings that the prior mean counts for.", "ratings", "personas"
    )
    max_mean: float = _setting(
        3.5,
        "A user's mean counts as no more than this where likes and dislikes part.",
        "stars",
        "personas",
    )
    mean_offset: float = _setting(
        0.1, "Weight of an item that was rated exactly at the mean.", "stars", "personas"
    )
    other_genre_loss: float = _setting(
        0.2,
        "Share of a similarity that items of another genre lose: a director's war movie is not much like their "
        "western.",
        "share",
        "personas",
    )
    unknown_genre_similarity: float = _setting(
        0.5, "Genre similarity where the genres of either item are unknown.", "0–1"
    )


@dataclass(frozen=True, slots=True)
class ColdItemSettings:
    """Constants of the scores of items without raters, which take those of similar rated items."""

    neighbours: int = _setting(
        20,
        "Number of nearest rated items whose scores an item takes.",
        "items",
        "",
    )
    half_evidence: float = _setting(
        0.25,
        "Raters at which an item's own score and its neighbours' weigh the same: five ratings say more than any "
        "neighbour.",
        "raters",
        "evaluate",
    )
    well_known: int = _setting(
        100,
        "Raters from which on an item keeps its own score alone; the neighbours' share is below 1 %.",
        "raters",
    )
    damping: float = _setting(
        5.0,
        "Pulls an item whose neighbours are distant towards the average, as if this many average items were near.",
        "squared cosines",
        "personas",
    )


@dataclass(frozen=True, slots=True)
class HybridSettings:
    """Constants of the served score, and of similar items."""

    half_trusted_raters: float = _setting(
        4.0,
        "Raters at which the community counts half for an item of the history: what a few people have seen besides "
        "says little about who loves Persona. Costs 3 % of NDCG@100 at three ratings, nothing from ten on.",
        "raters",
        "personas, splits",
    )
    content_weight: float = _setting(
        0.16, "Weight of facts beside a community that knows the whole history.", "weight", "splits"
    )
    coherence_gain: float = _setting(
        8.0,
        "Growth of that weight with the coherence of the liked items above the usual: who names three movies by "
        "Hitchcock wants Hitchcock, whatever others who saw these have seen besides. Costs 0.3 % of NDCG@100 at five "
        "ratings, nothing from ten on.",
        "weight per cosine",
        "personas, splits",
    )
    usual_coherence: float = _setting(0.25, "Coherence of the liked items of anybody.", "cosine", "personas")
    max_content_weight: float = _setting(1.5, "Maximum of that weight.", "weight", "personas")
    outside_popularity_share: float = _setting(
        0.35,
        "Share of votes and reviews elsewhere in an item's popularity where a community rates too.",
        "share",
    )
    max_rater_share: float = _setting(
        0.5, "Maximum share of the community in the similarity of two items.", "share", "personas"
    )
    half_confidence_raters: float = _setting(
        30.0, "Raters at which an item has half of that share.", "raters", "personas"
    )
    similar_prior_share: float = _setting(
        0.5, "Share of a similarity by facts that popularity and quality decide.", "share", "personas"
    )
    quality_slope: float = _setting(
        0.25,
        "Turns quality into 0–1 for similar items: `slope · quality + offset`.",
        "per standard deviation",
    )
    quality_offset: float = _setting(0.5, "The offset of that line.", "0–1")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Constants of the step from scores to a list."""

    pool: int = _setting(200, "Number of best items that are ranked again.", "items")
    calibrated_length: int = _setting(
        10,
        "Shorter lists are the top of one of this length: a mix of genres means nothing in a list of three.",
        "items",
    )
    smoothing: float = _setting(
        0.01,
        "Share of the target mix in the genres of a list, so that a missing genre costs much but not everything.",
        "share",
        "",
    )
    items_per_calibration: float = _setting(
        10.0,
        "A list's divergence weighs as much as the relevance of its items divided by this: λ = 0.1 takes a quarter "
        "of the miscalibration away for 1 % of recall.",
        "items",
        "evaluate",
    )
    director_share: float = _setting(
        0.25,
        "Maximum share of a list by one director, unless more of what the user likes is theirs.",
        "share",
        "ranking",
    )
    exploration: float = _setting(
        0.25, "Scale of the noise that a seed adds.", "standard deviations of the pool's scores"
    )


@dataclass(frozen=True, slots=True)
class ColdStartSettings:
    """Constants of the lift that stated preferences give items for a user without ratings."""

    genre_boost: float = _setting(
        1.3,
        "Lift of a preferred genre: known items of it come to the front, and only the most famous others stay.",
        "leads of the best items",
        "cold start",
    )
    language_boost: float = _setting(
        1.0, "Lift of the preferred language.", "leads of the best items", "cold start"
    )
    lead_rank: int = _setting(100, "The lead is the score of the item of this rank less the median.", "rank")
    lead_fraction: int = _setting(
        4, "In small catalogues the rank is one more than the catalogue divided by this.", "divisor"
    )


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """Stars that stand for signals other than ratings."""

    liked_stars: float = _setting(4.5, "A favorite or a “like” without a rating counts as this.", "stars")
    disliked_stars: float = _setting(1.5, "A “dislike” without a rating counts as this.", "stars")


@dataclass(frozen=True, slots=True)
class ExplanationSettings:
    """Thresholds of the reasons that are shown."""

    liked_stars: float = _setting(
        3.5,
        "“Because you gave …” names only items with this, or the user's mean where that is lower.",
        "stars",
    )
    min_liked_stars: float = _setting(3.0, "And never an item with less than this.", "stars")
    min_opposing_share: float = _setting(
        0.2,
        "A disliked item is mentioned if it takes away more than this share of what the named liked items add.",
        "share",
    )
    max_reasons: int = _setting(3, "Number of the user's own items that a recommendation lists.", "items")
    max_items: int = _setting(2, "Number of them that one sentence names.", "items")
    max_facts: int = _setting(3, "Number of phrases about shared facts in one sentence.", "phrases")


@dataclass(frozen=True, slots=True)
class GridSettings:
    """The grid of well-known items for newcomers."""

    best_known: int = _setting(
        500,
        "The grid is sampled from this many best known items: answers about items that everybody has seen say "
        "little, and nobody knows the unknown ones.",
        "items",
        "newcomers",
    )


@dataclass(frozen=True, slots=True)
class FranchiseSettings:
    """When titles that begin alike are one franchise."""

    shared_people: int = _setting(
        1, "Number of people that movies of one franchise share.", "people", "franchises"
    )
    shared_people_one_word: int = _setting(
        3, "The same where a single word is all that the titles have in common.", "people", "franchises"
    )
    plural_length: int = _setting(
        4, "Longer words lose an s at their end: Aliens are more of Alien.", "letters", "franchises"
    )


@dataclass(frozen=True, slots=True)
class RatingPredictionSettings:
    """When a predicted rating is shown: no number is better than a wrong one."""

    min_user_ratings: int = _setting(5, "Least number of the user's ratings.", "ratings")
    min_item_raters: int = _setting(5, "Least number of the item's raters.", "raters")


@dataclass(frozen=True, slots=True)
class FactorisationSettings:
    """Constants of the model of predicted ratings."""

    dimensions: int = _setting(16, "Length of the vectors of users and items.", "dimensions", "rmse")
    sweeps: int = _setting(16, "Number of passes over users and items.", "sweeps", "rmse")
    damping: tuple[float, float] = _setting(
        (5.0, 8.0),
        "Biases of items and of users are shrunk as if this many average ratings had been given besides.",
        "ratings",
        "rmse",
    )
    bias_sweeps: int = _setting(4, "Number of passes over the biases.", "sweeps")
    default_mean: float = _setting(3.5, "Mean of a community without ratings.", "stars")
    embedding: int = _setting(50, "Length of the embedding of the set of rated items.", "dimensions", "rmse")
    ridge: float = _setting(
        100.0,
        "Ridge of the map from the set of rated items to the prior of a vector.",
        "squared embeddings",
        "rmse",
    )
    usual_variance: float = _setting(0.1, "Prior variance of one entry of a vector.", "stars²", "rmse")
    least_noise: float = _setting(1e-3, "Least variance of a rating around its prediction.", "stars²")
    start_deviation: float = _setting(0.1, "Standard deviation of the random start.", "stars")
    max_ratings: int = _setting(
        3_000_000, "A seeded sample of the users represents communities beyond this.", "ratings"
    )
    seed: int = _setting(42, "Seed of the start and of the sample.")


# In the order of the score's formula.
GROUPS: tuple[type, ...] = (
    ModelSettings,
    EdlaeSettings,
    WeightSettings,
    NoveltySettings,
    FeatureSettings,
    ContentSettings,
    ColdItemSettings,
    HybridSettings,
    RankingSettings,
    ColdStartSettings,
    HistorySettings,
    ExplanationSettings,
    GridSettings,
    FranchiseSettings,
    RatingPredictionSettings,
    FactorisationSettings,
)
