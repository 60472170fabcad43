import pytest

from movierec.recommender.engine.franchises import find_franchises

CAMERON, WEAVER, HILL, SCOTT = "James Cameron", "Sigourney Weaver", "Walter Hill", "Ridley Scott"


def together(movies: list[tuple[str, set[str]]]) -> set[frozenset[str]]:
    """Return the sets of titles of one franchise."""
    titles_of: dict[str, set[str]] = {}
    for (title, _), names in zip(
        movies, find_franchises([f[0] for f in movies], [f[1] for f in movies]), strict=True
    ):
        for name in names:
            titles_of.setdefault(name, set()).add(title)
    return set(map(frozenset, titles_of.values()))


@pytest.mark.parametrize(
    "titles",
    [
        ("Alien", "Aliens", "Alien 3"),
        ("The Godfather", "The Godfather Part II", "The Godfather: Part III"),
        ("Toy Story", "Toy Story 2"),
        ("Kill Bill: Volume 1", "Kill Bill: Volume 2"),
        ("Star Wars: Episode IV – A New Hope", "Star Wars: Episode V – The Empire Strikes Back"),
        ("Harry Potter and the Goblet of Fire", "Harry Potter and the Chamber of Secrets"),
        ("Halloween", "Halloween II", "Halloween 4: The Return of Michael Myers"),
        ("Amélie", "Amelie 2"),
    ],
)
def test_titles_of_one_franchise(titles: tuple[str, ...]) -> None:
    assert together([(title, {"One"}) for title in titles]) == {frozenset(titles)}


def test_one_shared_word_needs_three_shared_people() -> None:
    few, many = {CAMERON, HILL}, {CAMERON, HILL, WEAVER}
    assert together([("Alien", few), ("Alien Nation", few)]) == set()
    assert together([("Alien", many), ("Alien Resurrection", many)]) == {
        frozenset(("Alien", "Alien Resurrection"))
    }


@pytest.mark.parametrize(
    "movies",
    [
        [("Heat", {"Michael Mann"}), ("Heat", {"Dick Richards"})],
        [("Up", {"Pete Docter"}), ("Up in the Air", {"Jason Reitman"})],
        [("Attack of the Clones", {"One"}), ("Attack of", {"One"})],
        [("", {"One"}), ("…", {"One"}), ("2", {"One"})],
        [],
    ],
)
def test_titles_of_different_franchises(movies: list[tuple[str, set[str]]]) -> None:
    assert together(movies) == set()


def test_remakes_by_other_people_are_two_franchises() -> None:
    movies = [("Halloween", {"A"}), ("Halloween II", {"A"}), ("Halloween", {"B"}), ("Halloween III", {"B"})]
    assert len(together(movies)) == 2
