"""`/api/v1/model/`: training, the model that serves, rollback."""

from __future__ import annotations

from movierec import community, jobs
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.jobs import job_json
from movierec.api.schemas import jobs as schemas
from movierec.errors import Conflict, ModelNotTrained, NothingToTrainOn
from movierec.jobs import Job
from movierec.recommender.serving import model_versions
from movierec.recommender.serving.model_versions import ModelVersion, ModelVersions

group = Group("/api/v1/model", tag="model")


@group.post(
    "/train/",
    access=Access.STAFF,
    answers={202: schemas.Job},
    errors=(Conflict, NothingToTrainOn),
    throttle="train",
)
async def start_training(call: Call, query: schemas.TrainQuery) -> JsonResponse[schemas.Job]:
    """Train a model on the community ratings and serve it."""
    job = await call.write(_enqueue, call, query)
    call.services.worker.wake()
    return JsonResponse(202, job_json(job))


def _enqueue(call: Call, query: schemas.TrainQuery) -> Job:
    if not community.count_ratings():
        raise NothingToTrainOn()
    return jobs.enqueue(call.user_id, "train", {"measure": query.measure}, call.now)


@group.get("/", access=Access.STAFF, answers={200: schemas.Model}, errors=(ModelNotTrained,))
def get_model(call: Call) -> schemas.Model:
    """Return the model that serves and the earlier versions that are kept."""
    return _models_json(model_versions.list_models(call.services.recommender))


@group.post(
    "/rollback/", access=Access.STAFF, answers={200: schemas.Model}, errors=(ModelNotTrained, Conflict)
)
async def roll_back(call: Call) -> schemas.Model:
    """Roll back to the version before the current one."""
    # It writes no row: the single writer thread should not wait for files.
    return _models_json(await call.read(model_versions.roll_back, call.services.recommender))


def _models_json(versions: ModelVersions) -> schemas.Model:
    return {
        **_version_json(versions.serving),
        "degraded": list(versions.degraded),
        "previous": [_version_json(version) for version in versions.previous],
    }


def _version_json(version: ModelVersion) -> schemas.ModelVersion:
    return {
        "version": version.version,
        "trained_at": timestamp(version.trained_at or None),
        "movies": version.movies,
        "ratings": version.ratings,
        "raters": version.raters,
        "metrics": version.metrics,
    }
