import pytest

from movierec.recommender.engine.franchises import find_franchises

CAMERON, WEAVER, HILL, SCOTT = "James Cameron", "Sigourney Weaver", "Walter Hill", "Ridley Scott"


def together(films: list[tuple[str, set[str]]]) -> set[frozenset[str]]:
    """Titles that are of one series."""
    found: dict[str, set[str]] = {}
    for (title, _), names in zip(
        films, find_franchises([f[0] for f in films], [f[1] for f in films]), strict=True
    ):
        for name in names:
            found.setdefault(name, set()).add(title)
    return set(map(frozenset, found.values()))


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
def test_a_series(titles: tuple[str, ...]) -> None:
    assert together([(title, {"One"}) for title in titles]) == {frozenset(titles)}


def test_one_word_that_goes_on_needs_three_people() -> None:
    few, many = {CAMERON, HILL}, {CAMERON, HILL, WEAVER}
    assert together([("Alien", few), ("Alien Nation", few)]) == set()
    assert together([("Alien", many), ("Alien Resurrection", many)]) == {
        frozenset(("Alien", "Alien Resurrection"))
    }


@pytest.mark.parametrize(
    "films",
    [
        [("Heat", {"Michael Mann"}), ("Heat", {"Dick Richards"})],
        [("Up", {"Pete Docter"}), ("Up in the Air", {"Jason Reitman"})],
        [("Attack of the Clones", {"One"}), ("Attack of", {"One"})],
        [("", {"One"}), ("…", {"One"}), ("2", {"One"})],
        [],
    ],
)
def test_no_series(films: list[tuple[str, set[str]]]) -> None:
    assert together(films) == set()


def test_remakes_by_other_people_are_two_series() -> None:
    films = [("Halloween", {"A"}), ("Halloween II", {"A"}), ("Halloween", {"B"}), ("Halloween III", {"B"})]
    assert len(together(films)) == 2
