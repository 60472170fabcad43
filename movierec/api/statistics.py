"""`/api/v1/stats/`: statistics of the user's ratings and viewings."""

from __future__ import annotations

import dataclasses
from typing import Any

from movierec import library, recommender
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.schemas import statistics as schemas
from movierec.library import Opinion
from movierec.recommender import PredictionAccuracy

group = Group("/api/v1/stats", tag="stats")


@group.get("/", access=Access.USER, answers={200: schemas.Statistics})
def statistics(call: Call, query: schemas.StatisticsQuery) -> dict[str, Any]:
    """Return counts, means by genre, decade and director, a rating histogram and the agreement with critics.

    `year` limits the statistics to movies seen in that year. A rated movie without a history entry counts as
    seen once, in the year it was rated. Years are in UTC.
    """
    found = library.statistics(call.user_id, year=query.year, top=query.top)
    foresight = (
        recommender.prediction_accuracy_for(call.services.recommender.state(), call.user_id)
        if query.foresight
        else None
    )
    return {
        "year": query.year,
        "counts": dataclasses.asdict(found.counts),
        "mean": found.mean,
        "histogram": [{"rating": step / 2, "count": count} for step, count in enumerate(found.histogram, 1)],
        "genres": list(map(dataclasses.asdict, found.genres)),
        "decades": list(map(dataclasses.asdict, found.decades)),
        "directors": list(map(dataclasses.asdict, found.directors)),
        "years": list(map(dataclasses.asdict, found.years)),
        "months": found.months,
        "best": list(map(_opinion_json, found.best)),
        "critics": {
            "films": found.critics.films,
            "mean_rating": found.critics.mean_stars,
            "mean_critics_score": found.critics.mean_score,
            "correlation": found.critics.correlation,
            "disagreements": list(map(_opinion_json, found.critics.disagreements)),
        },
        "foresight": _foresight_json(foresight) if foresight else None,
    }


def _opinion_json(opinion: Opinion) -> dict[str, Any]:
    return {
        "movie": opinion.movie_id,
        "title": opinion.title,
        "year": opinion.year,
        "rating": opinion.stars,
        "critics_score": opinion.critics_score,
    }


def _foresight_json(foresight: PredictionAccuracy) -> dict[str, Any]:
    return {
        "films": foresight.movies,
        "mean_error": foresight.mean_error,
        "surprises": [
            {"movie": one.movie_id, "title": one.title, "rating": one.stars, "expected": one.expected}
            for one in foresight.surprises
        ],
    }
