"""Shared parts of all schemas: strict models, pages, problem documents, checked field types."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
    with_config,
)
from typing_extensions import TypedDict

from movierec.api.limits import (
    DEFAULT_PAGE_SIZE,
    INT64_END,
    MAXIMUM_NOTE,
    MAXIMUM_ORDERING,
    MAXIMUM_PAGE,
    MAXIMUM_PAGE_SIZE,
    MAXIMUM_PROBLEMS,
)
from movierec.errors import ValidationFailed

Item = TypeVar("Item")
Bound = TypeVar("Bound", bound=float | str)


@dataclass
class UnknownFields:
    """Number of unknown fields of a body, in all its objects: context of its validation."""

    count: int = 0

    def add(self, names: Collection[str]) -> None:
        """Count the unknown fields of an object, before their problems are built.

        Raises ValidationFailed beyond the limit.
        """
        self.count += len(names)
        if self.count > MAXIMUM_PROBLEMS:
            raise ValidationFailed.of("body", f"More than {MAXIMUM_PROBLEMS} unknown fields.")


class Input(BaseModel):
    """A request body or query. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def sent_fields(self) -> dict[str, Any]:
        """Return the fields that were sent, each whole: nested objects with their defaults."""
        return self.model_dump(include=self.model_fields_set)

    @model_validator(mode="before")
    @classmethod
    def _count_unknown_fields(cls, document: object, info: ValidationInfo) -> object:
        if isinstance(document, dict) and isinstance(info.context, UnknownFields):
            info.context.add(document.keys() - cls.model_fields.keys())
        return document

    @field_validator("year_max", "rating_max", "watched_max", check_fields=False)
    @classmethod
    def _check_not_below_minimum(cls, value: Bound | None, info: ValidationInfo) -> Bound | None:
        name = str(info.field_name).replace("_max", "_min")
        minimum = info.data.get(name)
        if value is not None and minimum is not None and value < minimum:
            raise ValueError(f"Must not be less than {name} ({minimum})")
        return value


@with_config(ConfigDict(extra="forbid"))
class Output(TypedDict):
    """Base of all answers: plain dicts at runtime, whose keys and types are exactly those of the schema."""


class ProblemField(Output):
    field: str
    message: str


class Problem(Output):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    code: str
    errors: list[ProblemField]


class Message(Output):
    message: str


class PageQuery(Input):
    page: int = Field(1, ge=1, le=MAXIMUM_PAGE)
    page_size: int = Field(DEFAULT_PAGE_SIZE, ge=1, le=MAXIMUM_PAGE_SIZE)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


class Page(Output, Generic[Item]):
    """One page of a list. `next` and `previous` are URLs or null."""

    count: int
    next: str | None
    previous: str | None
    results: list[Item]


Id = Annotated[int, Field(ge=1, lt=INT64_END)]
# A year in a filter; the years that a movie can have are narrower, see `schemas/movies.py`.
FilterYear = Annotated[int, Field(ge=0, le=9999)]
Ordering = Annotated[str, Field(max_length=MAXIMUM_ORDERING)]
Note = Annotated[str, Field(max_length=MAXIMUM_NOTE)]


def _check_half_stars(stars: float) -> float:
    if stars * 2 != int(stars * 2):
        raise ValueError("Ratings go in steps of 0.5")
    return stars


Stars = Annotated[float, Field(ge=0.5, le=5.0), AfterValidator(_check_half_stars)]
Timestamp = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
