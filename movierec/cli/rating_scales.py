"""Rating scales of the command line: up to 5, 10 or 100. The API uses 0.5 to 5 only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from movierec.client import ApiClient
from movierec.errors import ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import BecauseJson, ExplanationJson, RecommendationJson

    Scored = TypeVar("Scored", RecommendationJson, ExplanationJson)


TOPS = (5, 10, 100)

# Stricter than float(), which accepts 5_0, nan and digits of all scripts.
_TYPED = re.compile(r"\s*([0-9]{1,3}(?:[.,][0-9]{1,9})?)\s*(?:/\s*(5|10|100))?\s*")


@dataclass(frozen=True)
class RatingScale:
    """A rating scale up to `top`, in ten steps."""

    top: int = 5

    @property
    def step(self) -> float:
        return self.top / 10

    def parse(self, text: str) -> float:
        """Parse a rating to 0.5 to 5 stars. Raises ValidationFailed with the nearest valid ratings.

        `8/10` has the same meaning on every scale.
        """
        match = _TYPED.fullmatch(text)
        if match is None:
            raise ValidationFailed(f"{text!r} is not a rating: {self}.")
        if match[2]:
            return RatingScale(int(match[2])).parse(match[1])
        number = float(match[1].replace(",", "."))
        steps = number / self.step
        if not (1 <= steps <= 10 and steps == int(steps)):
            raise ValidationFailed(f"{text!r} is not a rating: {self}. {self._nearest(steps)}")
        return steps / 2

    def from_stars(self, stars: float) -> float:
        """Convert a rating to this scale, exactly: an integer on the scales up to 10 and 100."""
        return stars if self.top == 5 else round(stars * self.top / 5)

    def from_prediction(self, stars: float) -> float:
        """Convert a predicted rating to this scale, rounded to one decimal of five stars."""
        return stars if self.top == 5 else round(stars * self.top / 5, 1 if self.top == 10 else None)

    def format_mean(self, stars: float | None) -> str | None:
        """Format a mean rating on this scale, with its significant digits."""
        return None if stars is None else f"{stars * self.top / 5:.{2 if self.top == 5 else 1}f}"

    def __str__(self) -> str:
        names = {0.5: "halves", 1: "ones", 10: "tens"}
        return f"ratings go from {self.step:g} to {self.top} in {names[self.step]}"

    def _nearest(self, steps: float) -> str:
        low, high = max(1, min(10, int(steps))), max(1, min(10, int(steps) + 1))
        near = dict.fromkeys(f"{step * self.step:g}" for step in (low, high))
        return f"Nearest: {' and '.join(near)}."


def check_rating_text(text: str) -> str:
    """Check that a text is a rating on some scale. Raises BadParameter before any request is sent."""
    if not _TYPED.fullmatch(text):
        raise typer.BadParameter(
            f"{text!r} is not a rating: {RatingScale()}, or use the scale of your profile."
        )
    return text


def parse_scale(text: str) -> RatingScale:
    """Parse the scale of an option. Raises BadParameter."""
    if text not in map(str, TOPS):
        raise typer.BadParameter(f"{text!r} is not a scale. Use 5, 10 or 100.")
    return RatingScale(int(text))


ScaleOption = Annotated[
    RatingScale | None,
    typer.Option(
        "--scale",
        parser=parse_scale,
        metavar="5|10|100",
        help="Highest rating of the scale. Default: the scale of your profile.",
    ),
]


def choose_scale(client: ApiClient, scale: RatingScale | None) -> RatingScale:
    """Return the given scale, or the one of the profile."""
    return scale or RatingScale(client.my_profile()["rating_scale"])


def convert_recommendation(item: Scored, scale: RatingScale) -> Scored:
    """Convert the ratings of a recommendation, also those in its reason, to a scale."""
    if scale.top == 5:
        return item
    because: list[BecauseJson] = []
    reason = item["reason"]
    for contribution in item["because"]:
        # Favorites have no rating.
        rating = contribution["rating"] and scale.from_stars(contribution["rating"])
        because.append({**contribution, "rating": rating})
        if rating:
            # The wording of a reason: `Because you gave Alien 4.5`.
            reason = reason.replace(
                f"{contribution['title']} {contribution['rating']:.1f}",
                f"{contribution['title']} {rating}",
                1,
            )
    predicted = item["predicted_rating"]
    return {
        **item,
        "because": because,
        "reason": reason,
        "predicted_rating": None if predicted is None else scale.from_prediction(predicted),
    }
