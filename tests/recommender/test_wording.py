import pytest

from movierec.recommender.wording import shared_facts


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
def test_facts_in_words(facts: list[tuple[str, str]], words: str) -> None:
    assert shared_facts((kind, name, 1.0) for kind, name in facts) == words
