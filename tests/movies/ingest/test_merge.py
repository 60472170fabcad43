"""Two rows of one film become one: which are one, what the film is then, and that nothing of anybody is lost."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import auth, db, library, movies, recommender
from movierec.config import Settings
from movierec.errors import Conflict, NotFound, ValidationFailed
from movierec.movies import MovieRecord
from tests.films import NOW, movie_count, movie_id

pytestmark = pytest.mark.usefixtures("database")

_users = itertools.count(1)

# As TMDb tells of a film in a list (no IMDb id), and in its details.
LISTED = MovieRecord("Dune", "tmdb", tmdb_id=438631, original_title="Dune", year=2021, overview="Spice.")
DETAILS = replace(LISTED, imdb_id="tt1160419", tagline="It begins.", directors=("Denis Villeneuve",))
OF_STARTER = MovieRecord("Dune: Part One", "starter", imdb_id="tt1160419", year=2021, certificate="PG-13")
OF_MOVIELENS = MovieRecord("Dune", "movielens", movielens_id=225173, year=2021, keywords=("desert",))


def user() -> int:
    name = f"merging{next(_users)}"
    return int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "no hash", now=0).id)


def two_rows() -> tuple[int, int]:
    """Dune as the shipped films have it, and as a list of TMDb has it."""
    (starter,), (listed,) = movies.upsert([OF_STARTER], NOW), movies.upsert([LISTED], NOW)
    assert starter != listed
    return starter, listed


def test_details_that_name_the_ids_of_two_rows_make_them_one() -> None:
    starter, listed = two_rows()
    before = movie_count()
    assert movies.upsert([DETAILS], NOW + 1) == [starter]
    assert movie_count() == before - 1
    film = movies.detail(starter)
    assert (film.listed.tmdb_id, film.listed.imdb_id) == (438631, "tt1160419")
    assert (film.listed.title, film.facts["certificate"], film.facts["tagline"]) == (
        "Dune", "PG-13", "It begins.",
    )  # fmt: skip
    assert movies.detail(listed) == film
    assert movies.current_id(listed) == starter == movies.by_tmdb_id(438631)


def test_the_catalogue_counts_a_merge_and_search_finds_one() -> None:
    starter, _ = two_rows()
    before = db.revision("catalogue")
    movies.upsert([DETAILS], NOW)
    assert db.revision("catalogue") > before
    assert [film.id for film in movies.search("dune", limit=10)[1] if film.year == 2021] == [starter]


@pytest.mark.parametrize("order", [*itertools.permutations([OF_STARTER, LISTED, OF_MOVIELENS])])
def test_three_sources_end_alike_in_any_order(order: tuple[MovieRecord, ...]) -> None:
    """What joins them comes last; whatever came first gives the id."""
    ids = [movies.upsert([film], NOW)[0] for film in order]
    joining = replace(DETAILS, movielens_id=225173)
    assert movies.upsert([joining], NOW) == [ids[0]]
    film = movies.detail(ids[0])
    assert (film.listed.title, film.facts["source"], film.facts["certificate"]) == ("Dune", "tmdb", "PG-13")
    assert film.keywords == ["desert"]
    assert [movies.current_id(each) for each in ids] == [ids[0]] * 3
    assert movies.upsert([OF_STARTER, LISTED, OF_MOVIELENS], NOW) == [ids[0]] * 3


def test_films_of_one_call_that_turn_out_to_be_one() -> None:
    first, second, third = movies.upsert([OF_STARTER, LISTED, DETAILS], NOW)
    assert first == second == third
    assert movies.detail(first).directors == ["Denis Villeneuve"]


def test_a_title_in_another_language_is_the_same_film_where_the_source_knows_both() -> None:
    [starter] = movies.upsert([MovieRecord("Spirited Away", "starter", imdb_id="tt0245429", year=2001)], NOW)
    [listed] = movies.upsert([MovieRecord("千と千尋の神隠し", "tmdb", tmdb_id=129, year=2001)], NOW)
    details = MovieRecord(
        "Spirited Away",
        "tmdb",
        tmdb_id=129,
        imdb_id="tt0245429",
        original_title="千と千尋の神隠し",
        year=2001,
    )
    assert movies.upsert([details], NOW) == [starter]
    assert movies.current_id(listed) == starter


WRONG = {
    "another film of another time": MovieRecord("Alien", "tmdb", tmdb_id=603, imdb_id="tt0078748", year=1979),
    "another title of the same year": MovieRecord("Fight Club", "tmdb", tmdb_id=603, imdb_id="tt0137523", year=1999),
    "the same title of another time": MovieRecord("The Thing", "tmdb", tmdb_id=60935, imdb_id="tt0084787", year=1982),
}  # fmt: skip


@pytest.mark.parametrize("claim", [*WRONG.values()], ids=[*WRONG])
def test_a_wrong_id_makes_no_two_films_one(claim: MovieRecord, caplog: pytest.LogCaptureFixture) -> None:
    """The id stays where it was, what is told goes to the film that is called so, and the log has it."""
    movies.upsert([MovieRecord("The Matrix", "movielens", imdb_id="tt0133093", tmdb_id=603)], NOW)
    movies.upsert([MovieRecord("The Thing", "movielens", imdb_id="tt0905372", tmdb_id=60935)], NOW)
    holder, meant = movies.by_tmdb_id(claim.tmdb_id or 0), movie_id(claim.imdb_id or "")
    title, before = movies.detail(holder).listed.title, movie_count()
    with caplog.at_level(logging.WARNING, logger="movierec.movies"):
        assert movies.upsert([replace(claim, tagline="Told.")], NOW) == [meant]
    assert movie_count() == before
    assert movies.by_tmdb_id(claim.tmdb_id or 0) == holder
    assert (movies.detail(holder).listed.title, movies.detail(holder).facts["tagline"]) == (title, "")
    assert movies.detail(meant).facts["tagline"] == "Told."
    assert f"that of film [{holder}], another one" in caplog.text


def test_tmdb_naming_the_imdb_id_of_another_film_changes_nothing_of_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alien = movie_id("tt0078748")
    before = movies.detail(alien)
    wrong = MovieRecord("Ghostbusters", "tmdb", tmdb_id=620, imdb_id="tt0078748", year=1984)
    [made] = movies.upsert([wrong], NOW)
    assert made != alien
    assert movies.detail(alien) == before
    assert movies.detail(made).listed.imdb_id is None
    assert movies.upsert([wrong], NOW) == [made]
    assert "another one" in caplog.text


def test_a_tmdb_id_that_tmdb_has_withdrawn_leads_on() -> None:
    [old] = movies.upsert([replace(OF_STARTER, source="movielens", tmdb_id=99)], NOW)
    [new] = movies.upsert([LISTED], NOW)
    assert movies.upsert([DETAILS], NOW) == [old]
    assert movies.detail(old).listed.tmdb_id == 438631
    assert movies.current_id(new) == movies.by_tmdb_id(99) == movies.by_tmdb_id(438631) == old
    assert movies.upsert([replace(LISTED, tmdb_id=99), DETAILS, LISTED], NOW) == [old] * 3


def test_a_new_id_of_tmdb_takes_the_place_of_a_withdrawn_one() -> None:
    """As where MovieLens, or TMDb itself, named it earlier by one that leads nowhere now."""
    [film] = movies.upsert([replace(OF_STARTER, source="movielens", tmdb_id=99)], NOW)
    assert movies.upsert([DETAILS], NOW) == [film]
    assert movies.by_tmdb_id(99) == film  # a list says no more than an id
    assert movies.upsert([replace(DETAILS, details_at=NOW)], NOW) == [film]
    assert movies.by_tmdb_id(438631) == film
    other = replace(DETAILS, details_at=NOW, tmdb_id=5, title="Something Else", original_title="")
    assert movies.upsert([other], NOW) == [film]
    assert movies.by_tmdb_id(438631) == film


def test_a_film_that_was_guessed_wrongly_gives_back_what_was_anothers() -> None:
    """A list of TMDb named a film of the same title and year, and its details tell another IMDb id."""
    [guessed] = movies.upsert([OF_STARTER], NOW)
    movies.upsert([replace(LISTED, imdb_id="tt1160419", poster_path="/other.jpg")], NOW)
    assert movies.by_tmdb_id(438631) == guessed
    told = replace(DETAILS, imdb_id="tt7777777", details_at=NOW, poster_path="/other.jpg")
    [other] = movies.upsert([told], NOW)
    assert other != guessed
    assert (movies.by_tmdb_id(438631), movies.by_imdb_id("tt7777777")) == (other, other)
    film = movies.detail(guessed)
    assert (film.listed.tmdb_id, film.listed.imdb_id, film.listed.poster_path) == (None, "tt1160419", "")
    movies.upsert([replace(OF_STARTER, title="Dune, the Other One")], NOW)
    assert movies.detail(guessed).listed.title == "Dune, the Other One"
    assert movies.upsert([told], NOW) == [other]


def test_an_id_is_never_given_to_another_film() -> None:
    _, listed = two_rows()
    movies.upsert([DETAILS], NOW)
    [fresh] = movies.upsert([MovieRecord("Newest", "staff")], NOW)
    assert fresh > listed
    assert movies.detail(listed).listed.title == "Dune"


def test_by_hand_even_what_differs_in_every_id_becomes_one() -> None:
    heat, remake = movie_id("tt0068688"), movie_id("tt0113277")
    assert movies.merge_movies(remake, heat, NOW) == heat
    assert movies.by_imdb_id("tt0113277") == movies.by_imdb_id("tt0068688") == heat
    # What a source tells later of the one that is no more goes to the one that is left.
    assert movies.upsert([MovieRecord("Heat", "movielens", imdb_id="tt0113277", tmdb_id=949)], NOW) == [heat]
    assert movies.by_tmdb_id(949) == heat
    with pytest.raises(Conflict):
        movies.create_movie(MovieRecord("Heat", "staff", imdb_id="tt0113277"), NOW)
    assert movies.merge_movies(heat, movie_id("tt0078748"), NOW) == movies.current_id(remake)


def test_what_staff_wrote_wins_over_what_it_is_merged_with() -> None:
    heat, remake = movie_id("tt0068688"), movie_id("tt0113277")
    movies.update_movie(remake, {"tagline": "Ours", "runtime": 170}, NOW)
    movies.merge_movies(remake, heat, NOW)
    film = movies.detail(heat)
    assert (film.facts["tagline"], film.listed.runtime, film.facts["source"]) == ("Ours", 170, "staff")


def test_what_cannot_be_merged() -> None:
    heat = movie_id("tt0068688")
    with pytest.raises(NotFound):
        movies.merge_movies(heat, 999_999, NOW)
    with pytest.raises(NotFound):
        movies.merge_movies(999_999, heat, NOW)
    with pytest.raises(ValidationFailed):
        movies.merge_movies(heat, heat, NOW)


def test_of_two_ratings_the_newer_one_stays_with_all_that_was_written() -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann, bob, eve = user(), user(), user()
    library.rate(ann, kept, 2.0, review="Slow.", now=10)
    library.rate(ann, lost, 4.5, review="Great.", now=20)
    library.rate(bob, lost, 3.0, now=10)
    library.rate(bob, kept, 5.0, review="Again!", now=30)
    library.rate(eve, lost, 1.0, review="No.", now=5)
    library.add_favorite(ann, kept, note="with Pa", now=1)
    library.add_favorite(ann, lost, note="with Ma", now=2)
    movies.merge_movies(lost, kept, NOW)
    rated = {who: library.rating_of_movie(who, kept) for who in (ann, bob, eve)}
    assert {who: (found.stars, found.review) for who, found in rated.items()} == {
        ann: (4.5, "Great.\n\nSlow."),
        bob: (5.0, "Again!"),
        eve: (1.0, "No."),
    }
    assert (rated[ann].created_at, rated[ann].updated_at) == (10, 20)
    [favorite] = library.favorites(ann, limit=9, offset=0)[1]
    assert (favorite.note, favorite.created_at) == ("with Ma\n\nwith Pa", 1)
    assert library.ratings(ann, limit=9, offset=0)[0] == 1


def test_feedback_keeps_the_recommendation_it_was_given_to(database: Settings) -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann = user()
    serving = recommender.ModelKeeper(database.paths.state / "models", recommender.Settings()).state()
    found = recommender.recommend_for(serving, ann, recommender.RecommendRequest(limit=100))
    shown = {item.movie_id: item.id for item in recommender.log_recommendations(ann, found, 1)}
    given = recommender.give_feedback(ann, lost, "like", now=5)
    movies.merge_movies(lost, kept, NOW)
    [opinion] = recommender.list_feedback(ann, limit=9, offset=0)[1]
    assert (opinion.id, opinion.movie_id) == (given.id, kept)
    assert opinion.recommendation_id in (shown[kept], shown[lost])
    assert recommender.recommended_movie(ann, opinion.recommendation_id or 0) == kept


def test_a_list_made_before_a_merge_is_stored_without_the_film_that_is_no_more(database: Settings) -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann = user()
    serving = recommender.ModelKeeper(database.paths.state / "models", recommender.Settings()).state()
    found = recommender.recommend_for(serving, ann, recommender.RecommendRequest(limit=100))
    movies.merge_movies(lost, kept, NOW)
    stored = {item.movie_id for item in recommender.log_recommendations(ann, found, 1)}
    assert stored == {item.movie_id for item in found} - {lost}


def test_ids_that_movierec_gave_lead_to_what_is_left() -> None:
    """The one that a film carries elsewhere is kept, whether or not the other film has one."""
    first, second, third = movies.upsert([MovieRecord(f"Home video {n}", "staff") for n in (1, 2, 3)], NOW)
    movies.assign_movierec_ids([first, second])
    own = dict(db.rows("SELECT movie_id, own_id FROM own_ids"))
    movies.merge_movies(first, third, NOW)
    movies.merge_movies(second, third, NOW)
    assert movies.by_movierec_id(own[first]) == movies.by_movierec_id(own[second]) == third
    assert movies.by_movierec_id("nobody's") is None
    assert db.value("SELECT own_id FROM own_ids WHERE movie_id = ?", third) == own[first]


# Whatever happens in whatever order


FILMS = ["tt0068688", "tt0113277", "tt0078748", "tt0090605"]
ACTS = st.one_of(
    st.tuples(st.just("merge"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("store"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(
        st.sampled_from(
            ["rate", "favorite", "like", "dislike", "not_interested", "unrate", "withdraw", "see", "want"]
        ),
        st.integers(0, 5),
        st.integers(1, 10),
    ),
)


class Household:
    """A user, the ids of some films, and beside the database what was done to which of them."""

    def __init__(self) -> None:
        self.user, self.clock = user(), 0
        extra = [MovieRecord(f"Twin {number}", "staff") for number in (1, 2)]
        self.ids = [*(movie_id(imdb_id) for imdb_id in FILMS), *movies.upsert(extra, NOW)]
        # Each film stands for the films merged into it.
        self.means = {each: each for each in self.ids}
        self.stars: dict[int, float] = {}
        self.notes: dict[int, set[str]] = {}
        self.words: dict[int, set[str]] = {}
        self.opinions: dict[int, tuple[str, int]] = {}
        self.seen: dict[int, set[str]] = {}
        self.wanted: set[int] = set()

    def act(self, kind: str, which: int, what: int) -> None:
        self.clock += 1
        film = movies.current_id(self.ids[which])
        if kind == "merge":
            self._merge(film, movies.current_id(self.ids[what]))
        elif kind == "store":
            claim = MovieRecord("", "movielens", imdb_id=FILMS[which], tmdb_id=1000 + what)
            movies.upsert([claim], self.clock)
        elif kind == "rate":
            word = f"word{self.clock}."
            library.rate(self.user, film, what / 2, review=word, now=self.clock)
            self.stars[film], self.words[film] = what / 2, {word}
            self.wanted.discard(film)
        elif kind == "unrate" and film in self.stars:
            library.delete_rating_of_movie(self.user, film)
            del self.stars[film], self.words[film]
        elif kind == "favorite":
            note = f"note{self.clock}."
            library.add_favorite(self.user, film, note=note, now=self.clock)
            self.notes[film] = {note}
        elif kind == "see":
            day = f"1969-12-{what:02}"
            library.add_to_history(self.user, film, day, now=self.clock)
            self.seen.setdefault(film, set()).add(day)
            self.wanted.discard(film)
        elif kind == "want":
            library.add_to_watchlist(self.user, film, now=self.clock)
            self.wanted.add(film)
        elif kind in ("like", "dislike", "not_interested"):
            recommender.give_feedback(self.user, film, kind, now=self.clock)
            self.opinions[film] = (kind, self.clock)
        elif kind == "withdraw" and film in self.opinions:
            given = {
                each.movie_id: each for each in recommender.list_feedback(self.user, limit=99, offset=0)[1]
            }
            recommender.withdraw_feedback(self.user, given[film].id)
            del self.opinions[film]

    def _merge(self, lost: int, kept: int) -> None:
        if lost == kept:
            return
        newer = [library.rating_of_movie(self.user, each) for each in (lost, kept) if each in self.stars]
        movies.merge_movies(lost, kept, self.clock)
        self.means = {each: kept if means == lost else means for each, means in self.means.items()}
        if newer:
            self.stars.pop(lost, None)
            self.stars[kept] = max(newer, key=lambda rated: rated.updated_at).stars
        if lost in self.wanted:
            self.wanted = self.wanted - {lost} | {kept}
        for texts in (self.words, self.notes, self.seen):
            if both := texts.pop(lost, set()) | texts.get(kept, set()):
                texts[kept] = both
        opinions = [self.opinions.pop(each) for each in (lost, kept) if each in self.opinions]
        if opinions:
            self.opinions[kept] = max(opinions, key=lambda given: (given[0] != "like", given[1]))

    def check(self) -> None:
        assert {each: movies.current_id(each) for each in self.ids} == self.means
        assert {each: movies.detail(each).listed.id for each in self.ids} == self.means
        rated = library.ratings(self.user, limit=99, offset=0)[1]
        assert {each.movie_id: each.stars for each in rated} == self.stars
        favorites = library.favorites(self.user, limit=99, offset=0)[1]
        for kept, found in (
            (self.words, {each.movie_id: each.review for each in rated}),
            (self.notes, {each.movie_id: each.note for each in favorites}),
        ):
            assert kept.keys() == found.keys()
            assert all(word in found[film] for film, words in kept.items() for word in words)
        seen: dict[int, set[str]] = {}
        for each in library.history(self.user, limit=99, offset=0)[1]:
            seen.setdefault(each.movie_id, set()).add(str(each.watched_at))
        assert seen == self.seen
        wanted = library.watchlist(self.user, limit=99, offset=0)[1]
        assert {each.movie_id for each in wanted} == self.wanted
        given = recommender.list_feedback(self.user, limit=99, offset=0)[1]
        assert {each.movie_id: each.kind for each in given} == {
            film: kind for film, (kind, _) in self.opinions.items()
        }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=25))
def test_nothing_of_anybody_is_lost(acts: list[tuple[str, int, int]]) -> None:
    with db.database.atomic() as transaction:
        household = Household()
        for act in acts:
            household.act(*act)
        household.check()
        transaction.rollback()
