"""`/api/v1/stats/`: statistics of the user's ratings and viewings."""

from __future__ import annotations

from movierec import library, recommender
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.schemas import statistics as schemas
from movierec.recommender import PredictionAccuracy

group = Group("/api/v1/stats", tag="stats")


@group.get("/", access=Access.USER, answers={200: schemas.Statistics})
def get_statistics(call: Call, query: schemas.StatisticsQuery) -> schemas.Statistics:
    """Return counts, means by genre, decade and director, a rating histogram and the agreement with critics.

    `year` limits the statistics to movies seen in that year. A rated movie without a history entry counts as
    seen once, in the year it was rated. Years are in UTC.
    """
    totals = library.statistics(call.user_id, year=query.year, top=query.top)
    foresight = (
        recommender.prediction_accuracy_for(call.services.recommender.state(), call.user_id)
        if query.foresight
        else None
    )
    return {
        "year": query.year,
        "counts": _counts_json(totals.counts),
        "mean": totals.mean,
        "histogram": [{"rating": step / 2, "count": count} for step, count in enumerate(totals.histogram, 1)],
        "genres": list(map(_group_json, totals.genres)),
        "decades": list(map(_group_json, totals.decades)),
        "directors": list(map(_group_json, totals.directors)),
        "years": list(map(_year_json, totals.years)),
        "months": totals.months,
        "best": list(map(_opinion_json, totals.best)),
        "critics": {
            "films": totals.critics.films,
            "mean_rating": totals.critics.mean_stars,
            "mean_critics_score": totals.critics.mean_score,
            "correlation": totals.critics.correlation,
            "disagreements": list(map(_opinion_json, totals.critics.disagreements)),
        },
        "foresight": _foresight_json(foresight) if foresight else None,
    }


def _counts_json(counts: library.Counts) -> schemas.Counts:
    return {
        "ratings": counts.ratings,
        "reviews": counts.reviews,
        "favorites": counts.favorites,
        "watchlist": counts.watchlist,
        "films": counts.films,
        "viewings": counts.viewings,
        "rewatches": counts.rewatches,
        "minutes": counts.minutes,
    }


def _group_json(group: library.RatedGroup) -> schemas.RatedGroup:
    return {"name": group.name, "count": group.count, "mean": group.mean}


def _year_json(year: library.YearSeen) -> schemas.YearSeen:
    return {
        "year": year.year,
        "films": year.films,
        "viewings": year.viewings,
        "rewatches": year.rewatches,
        "minutes": year.minutes,
    }


def _opinion_json(opinion: library.Opinion) -> schemas.Opinion:
    return {
        "movie": opinion.movie_id,
        "title": opinion.title,
        "year": opinion.year,
        "rating": opinion.stars,
        "critics_score": opinion.critics_score,
    }


def _foresight_json(accuracy: PredictionAccuracy) -> schemas.Foresight:
    return {
        "films": accuracy.movies,
        "mean_error": accuracy.mean_error,
        "surprises": [
            {"movie": item.movie_id, "title": item.title, "rating": item.stars, "expected": item.expected}
            for item in accuracy.surprises
        ],
    }
