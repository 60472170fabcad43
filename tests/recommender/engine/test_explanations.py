import pytest

from movierec.recommender.engine.explanations import TitleAndStars, describe_shared_facts, reason_sentence


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([], ""),
        (
            [("director", "Ridley Scott"), ("genre", "Sci-Fi"), ("decade", "1980s")],
            "also directed by Ridley Scott; science fiction of the 1980s",
        ),
        ([("language", "French"), ("genre", "Comedy"), ("decade", "1960s")], "French comedy of the 1960s"),
        ([("language", "English"), ("genre", "Horror")], "horror"),
        ([("mix", "Horror+Sci-Fi")], "science fiction horror"),
        ([("genre", "Comedy"), ("genre", "Romance"), ("decade", "1990s")], "romantic comedy of the 1990s"),
        ([("genre", "War"), ("genre", "Drama")], "war drama"),
        ([("genre", "Animation"), ("genre", "Family")], "animated family film"),
        ([("genre", "Family"), ("decade", "1990s")], "family film of the 1990s"),
        ([("genre", "Western"), ("genre", "Drama")], "western and drama"),
        ([("writer", "Ernest Lehman")], "also written by Ernest Lehman"),
        ([("actor", "Setsuko Hara"), ("actor", "Chishū Ryū")], "also with Setsuko Hara and Chishū Ryū"),
        # A decade or a country alone is no reason.
        ([("decade", "1990s"), ("country", "France")], ""),
        ([("language", "Hindi")], "also in Hindi"),
        ([("language", "sv"), ("genre", "Drama")], "Swedish drama"),
        ([("language", "en"), ("language", "xx")], ""),
    ],
)
def test_shared_facts_are_described(facts: list[tuple[str, str]], words: str) -> None:
    assert describe_shared_facts((kind, name, 1.0) for kind, name in facts) == words


ALIEN, ALIENS, HEART, SAW = ("Alien", 5.0), ("Aliens", 4.5), ("Amélie", None), ("Saw", 1.0)


@pytest.mark.parametrize(
    ("liked", "facts", "against", "words"),
    [
        ([ALIEN], "", None, "Because you gave Alien 5.0"),
        ([ALIEN, ALIENS, HEART], "horror", None, "Because you gave Alien 5.0 and Aliens 4.5; horror"),
        # A favorite was given no stars.
        ([HEART], "", None, "Because you like Amélie"),
        ([HEART, ALIEN], "", None, "Because you gave Alien 5.0 and like Amélie"),
        ([], "also directed by Ridley Scott", None, "Also directed by Ridley Scott"),
        ([], "", None, "Widely seen and well liked"),
        ([ALIEN], "", SAW, "Because you gave Alien 5.0; although you gave Saw 1.0"),
        ([], "horror", ("Saw", None), "Horror; although you dislike Saw"),
        ([], "", SAW, "Against it: you gave Saw 1.0"),
    ],
)
def test_reason_sentences(
    liked: list[TitleAndStars], facts: str, against: TitleAndStars | None, words: str
) -> None:
    assert reason_sentence(liked, facts, against) == words
