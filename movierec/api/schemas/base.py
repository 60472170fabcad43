"""Pieces all groups share: strict models, pages, problems, checked fields."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Item = TypeVar("Item")

MAXIMUM_PAGE = 1_000_000


class Input(BaseModel):
    """A body or query: unknown fields are refused, never ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("year_max", "rating_max", "watched_max", check_fields=False)
    @classmethod
    def _not_below_its_minimum(cls, value: Any, given: ValidationInfo) -> Any:
        name = str(given.field_name).replace("_max", "_min")
        least = given.data.get(name)
        if value is not None and least is not None and value < least:
            raise ValueError(f"Nothing lies between: {name} is {least}")
        return value


class Output(BaseModel):
    """An answer, exactly."""

    model_config = ConfigDict(extra="forbid")


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


class ProblemField(Output):
    field: str
    message: str


class Message(Output):
    message: str


class PageQuery(Input):
    page: int = Field(1, ge=1, le=MAXIMUM_PAGE)
    page_size: int = Field(20, ge=1, le=100)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


class Page(Output, Generic[Item]):
    """One page of a list; `next` and `previous` are addresses or null."""

    count: int
    next: str | None
    previous: str | None
    results: list[Item]


Id = Annotated[int, Field(ge=1, lt=2**63)]


def _half_stars(stars: float) -> float:
    if stars * 2 != int(stars * 2):
        raise ValueError("Ratings go in steps of 0.5")
    return stars


Stars = Annotated[float, Field(ge=0.5, le=5.0), AfterValidator(_half_stars)]
Timestamp = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
