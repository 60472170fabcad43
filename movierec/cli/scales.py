"""How ratings are typed and shown: up to 5 by halves, up to 10, or up to 100 by tens. The API speaks of 5 alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from movierec.client import ApiClient
from movierec.errors import ValidationFailed

TOPS = (5, 10, 100)

# Not float() alone: it takes 5_0, nan and digits of all scripts.
_TYPED = re.compile(r"\s*([0-9]{1,3}(?:[.,][0-9]{1,9})?)\s*(?:/\s*(5|10|100))?\s*")


@dataclass(frozen=True)
class RatingScale:
    """Ratings up to `top`, in ten steps."""

    top: int = 5

    @property
    def step(self) -> float:
        return self.top / 10

    def stars(self, text: str) -> float:
        """What somebody typed, as 0.5 to 5. Raises ValidationFailed with the nearest rating there is.

        `8/10` means the same on every scale.
        """
        match = _TYPED.fullmatch(text)
        if match is None:
            raise ValidationFailed(f"{text!r} is no rating: {self}.")
        if match[2]:
            return RatingScale(int(match[2])).stars(match[1])
        given = float(match[1].replace(",", "."))
        steps = given / self.step
        if not (1 <= steps <= 10 and steps == int(steps)):
            raise ValidationFailed(f"{text!r} is no rating: {self}. {self._nearest(steps)}")
        return steps / 2

    def value(self, stars: float) -> float:
        """A rating on this scale, exactly: whole where the scale is."""
        return stars if self.top == 5 else round(stars * self.top / 5)

    def predicted(self, stars: float) -> float:
        """A rating that nobody gave, to one decimal of five stars."""
        return stars if self.top == 5 else round(stars * self.top / 5, 1 if self.top == 10 else None)

    def mean(self, stars: float | None) -> str | None:
        """A mean of ratings, with as many digits as tell something."""
        return None if stars is None else f"{stars * self.top / 5:.{2 if self.top == 5 else 1}f}"

    def __str__(self) -> str:
        names = {0.5: "halves", 1: "ones", 10: "tens"}
        return f"they go from {self.step:g} to {self.top} by {names[self.step]}"

    def _nearest(self, steps: float) -> str:
        low, high = max(1, min(10, int(steps))), max(1, min(10, int(steps) + 1))
        near = dict.fromkeys(f"{step * self.step:g}" for step in (low, high))
        return f"Nearest: {' and '.join(near)}."


def check_rating_text(text: str) -> str:
    """What could be a rating on some scale. Raises BadParameter, before anything is asked or sent."""
    if not _TYPED.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no rating: {RatingScale()}, or as the scale of your profile.")
    return text


def parse_scale(text: str) -> RatingScale:
    """The scale of an option. Raises BadParameter."""
    if text not in map(str, TOPS):
        raise typer.BadParameter(f"{text!r} is no scale: use 5, 10 or 100.")
    return RatingScale(int(text))


ScaleOption = Annotated[
    RatingScale | None,
    typer.Option(
        "--scale",
        parser=parse_scale,
        metavar="5|10|100",
        help="Ratings up to so many; else as in your profile.",
    ),
]


def choose_scale(client: ApiClient, given: RatingScale | None) -> RatingScale:
    """The scale that was asked for, or the one of the profile."""
    return given or RatingScale(client.my_profile()["rating_scale"])


def convert_recommendation(item: Any, scale: RatingScale) -> Any:
    """A recommendation as people read it: its ratings, and those in its reason, on their scale."""
    if scale.top == 5:
        return item
    because, reason = [], item["reason"]
    for one in item["because"]:
        # Favorites have no rating.
        rating = one["rating"] and scale.value(one["rating"])
        because.append({**one, "rating": rating})
        if rating:
            # As the reason is worded: `Because you gave Alien 4.5`.
            reason = reason.replace(f"{one['title']} {one['rating']:.1f}", f"{one['title']} {rating}", 1)
    expected = item["predicted_rating"]
    return {
        **item,
        "because": because,
        "reason": reason,
        "predicted_rating": None if expected is None else scale.predicted(expected),
    }
