"""Imports, exports, jobs and the trained model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from movierec.api.schemas.base import Input, Output, Timestamp


class ExportQuery(Input):
    """What the export is to be written as."""

    format: Literal["json", "csv", "letterboxd", "zip"] = "json"


class Progress(Output):
    """`done` of `total`; `total` is 0 before it is known. `stage` says what is being done."""

    done: int
    total: int
    stage: str


class Job(Output):
    """Long work. `report` says what came of it, by kind; `error` is null unless it failed or was interrupted.

    `error_code` is that of the problem it failed with, as other answers have it.
    """

    id: int
    kind: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: Progress
    report: dict[str, Any] | None
    error: str | None
    error_code: str | None
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None


class SyncQuery(Input):
    pages: int | None = Field(None, ge=0, le=500, description="Of popular and of top rated films.")
    budget: int | None = Field(None, ge=1, le=1_000_000, description="Calls to TMDb, at most.")


class TrainQuery(Input):
    """`measure`: hold out users and measure the quality as well; doubles the time."""

    measure: bool = False


class ModelVersion(Output):
    version: str
    trained_at: Timestamp | None
    movies: int
    ratings: int
    raters: int
    metrics: dict[str, float]


class Model(ModelVersion):
    """The model that serves. `degraded` says why it is not the newest one; `previous` can be rolled back to."""

    degraded: list[str]
    previous: list[ModelVersion]
