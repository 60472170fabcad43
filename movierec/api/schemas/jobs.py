"""Exports, jobs and the trained model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from movierec.api.schemas.base import Input, Output, Timestamp

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class ExportQuery(Input):
    """File format of the export."""

    format: Literal["json", "csv", "letterboxd", "zip"] = "json"


class Progress(Output):
    """`done` of `total` steps. `total` is 0 until it is known. `stage` names the current stage."""

    done: int
    total: int
    stage: str


class Job(Output):
    """A background job. `report` holds its result, by kind. `error` is null unless it failed or was interrupted.

    `error_code` is the problem code of the failure.
    """

    id: int
    kind: str
    state: JobState
    progress: Progress
    report: dict[str, object] | None
    error: str | None
    error_code: str | None
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None


class SyncQuery(Input):
    pages: int | None = Field(
        None, ge=0, le=500, description="Number of pages of the popular and of the top rated movies."
    )
    budget: int | None = Field(None, ge=1, le=1_000_000, description="Maximum number of calls to TMDb.")


class TrainQuery(Input):
    """`measure`: also hold out users and evaluate the model, which doubles the time."""

    measure: bool = False


class ModelVersion(Output):
    version: str
    trained_at: Timestamp | None
    movies: int
    ratings: int
    raters: int
    metrics: dict[str, float]


class Model(ModelVersion):
    """The model that serves. `degraded` lists why it is not the newest; `previous` lists versions to roll back to."""

    degraded: list[str]
    previous: list[ModelVersion]
