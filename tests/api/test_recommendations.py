"""Recommendations over HTTP: fresh, filtered, with reasons; what was seen or dismissed stays away."""

from __future__ import annotations

from typing import Any

import pytest

from movierec import db
from tests.films import movie_id
from tests.running import Account, RunningDaemon

PATH = "/api/v1/recommendations"
RATINGS = "/api/v1/favorites/ratings"

ALIEN, ALIENS, BLADE_RUNNER = "tt0078748", "tt0090605", "tt0083658"
TOY_STORY, TOY_STORY_2, TOY_STORY_3, AMELIE = "tt0114709", "tt0120363", "tt0435761", "tt0211915"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """Every test has users of its own, so one daemon does."""
    return module_daemon


def rate(daemon: RunningDaemon, who: Account, imdb_id: str, stars: float) -> None:
    daemon.put(f"{RATINGS}/movie/{movie_id(imdb_id)}/", {"rating": stars}, token=who, status=(200, 201))


def listed(daemon: RunningDaemon, who: Account, query: str = "") -> list[dict[str, Any]]:
    return list(daemon.get(f"{PATH}/?limit=100{query}", token=who)["results"])


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [item["movie"]["title"] for item in found]


def test_a_new_user_gets_what_is_widely_liked(daemon: RunningDaemon) -> None:
    found = listed(daemon, daemon.register())
    assert len(found) > 40
    assert {item["recommendation_type"] for item in found} == {"popular"}


def test_each_rating_counts_in_the_very_next_request(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first = listed(daemon, ann)
    assert "Alien" not in titles(first)
    assert titles(first).index("Aliens") < 10
    rate(daemon, ann, TOY_STORY, 5)
    assert titles(listed(daemon, ann)) != titles(first)
    daemon.delete(f"{RATINGS}/movie/{movie_id(TOY_STORY)}/", token=ann)
    assert titles(listed(daemon, ann)) == titles(first)
    rate(daemon, ann, ALIEN, 0.5)
    assert titles(listed(daemon, ann)).index("Aliens") > 20


def test_reasons_name_the_users_own_films(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    rate(daemon, ann, AMELIE, 1)
    top = listed(daemon, ann)[0]
    assert top["because"][0]["title"] == "Alien"
    assert top["because"][0]["rating"] == 5.0
    assert 0 < top["because"][0]["contribution"] <= 1
    assert "Alien 5.0" in top["reason"]
    for each in listed(daemon, ann)[:5]:
        assert daemon.get(f"{PATH}/explain/{each['movie']['id']}/", token=ann)["reason"] == each["reason"]
    account = daemon.get(f"{PATH}/explain/{top['movie']['id']}/", token=ann)
    total = account["baseline"] + sum(item["contribution"] for item in account["because"])
    assert total == pytest.approx(account["score"], abs=1e-3)
    assert account["score"] == pytest.approx(top["score"], abs=1e-3)


def test_a_favorite_is_a_reason_without_stars_and_a_dislike_is_none(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.post("/api/v1/favorites/", {"movie": movie_id(ALIEN)}, token=ann, status=201)
    rate(daemon, ann, TOY_STORY, 0.5)
    top = listed(daemon, ann)[0]
    assert [(item["title"], item["rating"]) for item in top["because"]] == [("Alien", None)]
    assert top["reason"].startswith("Because you like Alien")
    account = daemon.get(f"{PATH}/explain/{movie_id(TOY_STORY_2)}/", token=ann)
    assert "you gave Toy Story 0.5" in account["reason"]
    assert "ecause you gave Toy Story" not in account["reason"]
    total = account["baseline"] + sum(item["contribution"] for item in account["because"])
    assert total == pytest.approx(account["score"], abs=1e-5)


def test_rated_favorited_and_dismissed_films_do_not_come_back(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first, second, third, fourth = listed(daemon, ann)[:4]
    rate(daemon, ann, first["movie"]["imdb_id"], 0.5)
    daemon.post("/api/v1/favorites/", {"movie": second["movie"]["id"]}, token=ann, status=201)
    feedback = {"movie": third["movie"]["id"], "feedback_type": "not_interested"}
    daemon.post(f"{PATH}/feedback/", feedback, token=ann, status=201)
    feedback = {"recommendation": fourth["id"], "feedback_type": "dislike", "comment": "no"}
    given = daemon.post(f"{PATH}/feedback/", feedback, token=ann, status=201)
    gone = {item["movie"]["title"] for item in (first, second, third, fourth)}
    assert not gone & set(titles(listed(daemon, ann)))
    refreshed = daemon.post(f"{PATH}/refresh/", token=ann)
    assert not gone & set(titles(refreshed["recommendations"]))
    seen = set(titles(listed(daemon, ann, "&include_seen=true")))
    assert {first["movie"]["title"], second["movie"]["title"], "Alien"} <= seen
    assert not {third["movie"]["title"], fourth["movie"]["title"]} & seen
    assert daemon.get(f"{PATH}/feedback/list/", token=ann)["count"] == 2
    daemon.delete(f"{PATH}/feedback/{given['id']}/", token=ann)
    assert fourth["movie"]["title"] in titles(listed(daemon, ann))


def test_filters_act_before_the_ranking(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    some = daemon.get(f"{PATH}/?limit=5&genre=animation", token=ann)["results"]
    assert len(some) == 5
    assert all("Animation" in item["movie"]["genres"] for item in some)
    for query, holds in (
        (
            "&exclude_genre=horror,Science+Fiction",
            lambda film: not {"Horror", "Science Fiction"} & set(film["genres"]),
        ),
        ("&year_min=1990&year_max=1999", lambda film: 1990 <= film["year"] <= 1999),
        ("&runtime_max=100", lambda film: film["runtime"] <= 100),
        ("&min_votes=100", lambda film: film["vote_count"] >= 100),
        ("&genre=Animation,Comedy", lambda film: {"Animation", "Comedy"} <= set(film["genres"])),
    ):
        found = listed(daemon, ann, query)
        assert found, query
        assert all(holds(item["movie"]) for item in found), query
    assert {item["movie"]["title"] for item in listed(daemon, ann, "&language=fr")} == {"Amélie"}
    assert listed(daemon, ann, "&genre=sci-fi") == listed(daemon, ann, "&genre=Science+Fiction")


@pytest.mark.parametrize(
    "wrong",
    [
        "genre=Drma",
        "exclude_genre=Horor",
        "year_min=2020&year_max=1990",
        "limit=0",
        "limit=101",
        "novelty=2",
        "diversity=nan",
        "year_min=x",
        "sort=1",
        "include_seen=perhaps",
    ],
)
def test_wrong_wishes_are_refused(daemon: RunningDaemon, wrong: str) -> None:
    daemon.get(f"{PATH}/?{wrong}", token=daemon.register(), status=422)


def test_the_same_request_gets_the_same_list_with_the_same_ids(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first = listed(daemon, ann)
    assert listed(daemon, ann) == first
    assert daemon.get(f"{PATH}/{first[0]['id']}/", token=ann)["is_clicked"]
    daemon.get(f"{PATH}/{first[0]['id']}/", token=daemon.register(), status=404)


def test_novelty_and_diversity_change_the_list_and_a_seed_explores(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for film in (ALIEN, BLADE_RUNNER):
        rate(daemon, ann, film, 5)
    usual = titles(listed(daemon, ann))
    assert titles(listed(daemon, ann, "&novelty=1")) != usual
    assert titles(listed(daemon, ann, "&diversity=0.8")) != usual
    seeded = titles(listed(daemon, ann, "&seed=1"))
    assert seeded != usual
    assert titles(listed(daemon, ann, "&seed=1")) == seeded


def test_similar_films_say_what_they_share(daemon: RunningDaemon) -> None:
    found = daemon.get(f"{PATH}/similar/{movie_id(TOY_STORY)}/?limit=4")["results"]
    assert {"Toy Story 2", "Toy Story 3"} <= {film["title"] for film in found}
    assert "animation" in found[0]["reason"].lower() or "directed" in found[0]["reason"]
    assert found == sorted(found, key=lambda film: -film["similarity"])
    daemon.get(f"{PATH}/similar/999999/", status=404)


def test_only_films_of_the_watchlist(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    for imdb_id in (ALIEN, ALIENS, AMELIE):
        sql = "INSERT INTO watchlist (user_id, movie_id, created_at) VALUES (?, ?, 0)"
        db.execute(sql, ann.id, movie_id(imdb_id))
    assert titles(listed(daemon, ann, "&from=watchlist")) == ["Aliens", "Amélie"]
    assert titles(listed(daemon, ann, "&from=watchlist&genre=romance")) == ["Amélie"]
    assert titles(listed(daemon, ann, "&from=watchlist&pick=true")) in (["Aliens"], ["Amélie"])
    assert listed(daemon, daemon.register(), "&from=watchlist") == []
    daemon.get(f"{PATH}/?from=elsewhere", token=ann, status=422)


def test_the_pick_of_a_day_is_another_one_the_next(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    picked = [titles(listed(daemon, ann, "&pick=true")) for _ in range(3)]
    assert picked[0] == picked[1] == picked[2]
    assert picked[0][0] in titles(listed(daemon, ann))[:5]
    daemon.clock.advance(86_400)
    week = set()
    for _ in range(14):
        week.update(titles(listed(daemon, daemon.register(), "&pick=true")))
    assert len(week) > 1


def test_quickstart_asks_about_well_known_films_not_answered_yet(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    first = daemon.get(f"{PATH}/quickstart/", token=ann)["results"]
    assert len(first) == 10
    assert daemon.get(f"{PATH}/quickstart/?limit=10", token=ann)["results"] == first
    rate(daemon, ann, first[0]["imdb_id"], 2)
    daemon.post("/api/v1/favorites/", {"movie": first[1]["id"]}, token=ann, status=201)
    dismissed = {"movie": first[2]["id"], "feedback_type": "not_interested"}
    daemon.post(f"{PATH}/feedback/", dismissed, token=ann, status=201)
    assert daemon.get(f"{PATH}/quickstart/?limit=7", token=ann)["results"] == first[3:]
    everything = daemon.get(f"{PATH}/quickstart/?limit=100", token=ann)["results"]
    assert len({film["id"] for film in everything}) == len(everything) > 40
    assert daemon.get(f"{PATH}/quickstart/?seed=5", token=ann)["results"] != first[3:]
    daemon.get(f"{PATH}/quickstart/?limit=101", token=ann, status=422)
    daemon.get(f"{PATH}/quickstart/", status=401)


def test_feedback_needs_one_subject_and_a_known_kind(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    for wrong in (
        {"feedback_type": "like"},
        {"movie": alien, "recommendation": 1, "feedback_type": "like"},
        {"movie": alien, "feedback_type": "love"},
        {"movie": "1", "feedback_type": "like"},
    ):
        daemon.post(f"{PATH}/feedback/", wrong, token=ann, status=422)
    daemon.post(f"{PATH}/feedback/", {"movie": 999999, "feedback_type": "like"}, token=ann, status=404)
    daemon.post(
        f"{PATH}/feedback/", {"recommendation": 999999, "feedback_type": "like"}, token=ann, status=404
    )
    given = daemon.post(f"{PATH}/feedback/", {"movie": alien, "feedback_type": "like"}, token=ann, status=201)
    daemon.delete(f"{PATH}/feedback/{given['id']}/", token=daemon.register(), status=404)
