"""Keys of titles, and the relevance of the ranking over the shipped catalogue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from movierec.movies import starter
from movierec.movies.search_ranking import SearchCandidate, match_score, parse_query, rank
from movierec.movies.title_keys import title_key

# --- keys


@pytest.mark.parametrize(
    "spellings",
    [
        ("The Matrix", "Matrix, The", "matrix the", "  THE   MATRIX! "),
        ("The Godfather Part II", "Godfather: Part II, The", "godfather 2", "Godfather Part Two"),
        ("Amélie", "Ame\u0301lie", "amelie", "AMÉLIE"),
        ("Seven", "Se7en", "7", "seven"),
        ("WALL·E", "WALL-E", "wall e"),
        ("Beauty and the Beast", "Beauty & the Beast"),
        ("Ocean's Eleven", "Ocean’s 11", "oceans eleven"),
        ("12 Monkeys", "Twelve Monkeys"),
        ("28 Days Later", "Twenty-Eight Days Later..."),
        ("Kill Bill: Volume 2", "Kill Bill Vol. 2", "kill bill two"),
        ("Rocky V", "Rocky 5"),
        ("Alien³", "Alien 3", "alien3", "ALIEN III"),
        ("Star Trek V: The Final Frontier", "star trek 5 the final frontier"),
        ("Star Wars: Episode IV – A New Hope", "Star Wars 4: A New Hope"),
        ("L.A. Confidential", "LA Confidential"),
        ("M*A*S*H", "mash"),
        ("Dr. Strangelove", "Doctor Strangelove"),
        ("Kramer vs. Kramer", "Kramer versus Kramer", "kramer v kramer"),
        ("Friday the 13th", "Friday the Thirteenth"),
        ("L'Avventura", "Avventura, L'", "avventura"),
        ("Les Misérables", "Misérables, Les", "miserables"),
        ("Die Blechtrommel", "Blechtrommel, Die"),
        ("Brødre", "brodre"),
        ("8½", "8 1/2"),
        ("Weiß", "weiss"),
    ],
)
def test_all_spellings_of_a_title_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({title_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("V for Vendetta", "v for vendetta"),  # a letter, not five
        ("I, Robot", "i robot"),
        ("X-Men", "x men"),
        ("The King and I", "king and i"),
        ("2001: A Space Odyssey", "2001 a space odyssey"),  # years and big numbers stay
        ("300", "300"),
        ("Die Hard", "die hard"),  # English here, not an article
        ("La La Land", "la la land"),
        ("The The", "the"),
        ("A", "a"),
        ("K2", "k2"),
        ("5x2", "5x2"),
        ("$", "$"),
        ("七人の侍", "七人の侍"),
        ("千と千尋の神隠し", "千と千尋の神隠し"),  # ど and と are two letters
        ("Сталкер", "сталкер"),
        ("Ёлки", "елки"),
        ("तारे ज़मीन पर", "तारे ज़मीन पर"),  # vowel signs stay with their letters
        ("기생충", "기생충"),
        ("", ""),
        (" \t ", ""),
        ("!!!", "!!!"),
    ],
)
def test_key_of_a_title(title: str, key: str) -> None:
    assert title_key(title) == title_key(key)
    assert title_key(title) == key


def test_every_shipped_movie_has_a_key() -> None:
    assert all(title_key(movie.title) for movie in starter.read())


def test_different_marks_of_other_scripts_make_different_keys() -> None:
    assert title_key("が") != title_key("か")


# --- ranking


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("heat", "Heat", "The Heat"),  # same > same but for the article
        ("spiderman", "Spider-Man", "Spider-Man 2"),  # same but for spaces > same beginning
        ("alien", "Alien", "Aliens"),
        ("batman", "Batman Begins", "Lego: The Batman Movie"),  # same beginning > all words
        ("empire strikes back", "Star Wars: The Empire Strikes Back", "The Empire Strikes Back Twice"),
        ("dark knight", "Batman: Dark Knight, the Film", "The Dork Knight"),  # all words > typo
        ("toy story 3", "Toy Story 3", "Toy Story 2"),
        ("gladitor", "Gladiator", "Radiator"),
        ("frago", "Fargo", "Frog"),  # a swap of neighbours is one edit
        ("matrix full movie", "The Matrix", "Fools"),  # more words than the title has
    ],
)
def test_better_matches_score_higher(query: str, better: str, worse: str) -> None:
    assert match_score(query, better) > match_score(query, worse)


@pytest.mark.parametrize("slip", ["teh matrx", "Hte Matrx"])
def test_misspelt_the_is_an_article(slip: str) -> None:
    assert match_score(slip, "The Matrix") == match_score("the matrx", "The Matrix") > 50
    assert parse_query(slip).keys == ("matrx",)


def test_other_words_that_begin_like_a_misspelt_the_are_kept() -> None:
    assert parse_query("teh").keys == ("teh",)
    assert parse_query("tehran taboo").keys == ("tehran taboo",)


def test_grade_outweighs_popularity_and_popularity_decides_between_equal_grades() -> None:
    assert match_score("heat", "Heat") > match_score("heat", "Heat Wave", popularity=1e9)
    assert match_score("heat", "Heat", popularity=50) > match_score("heat", "Heat", popularity=5)


def test_scores_stay_between_0_and_100() -> None:
    for query in ("heat", "", "  ", "$", "x" * 2000, "heat 1995", "!!!", "the", "1995", "(1995)"):
        for title in ("Heat", "", "$", "七人の侍", "The"):
            for popularity in (0.0, -3.0, 1e12):
                assert 0 <= match_score(query, title, year=1995, popularity=popularity) <= 100


def test_original_title_counts_like_the_title() -> None:
    assert match_score("shichinin no samurai", "Seven Samurai", "Shichinin no samurai") > 96
    assert match_score("七人の侍", "Seven Samurai", "七人の侍") > 96


@pytest.mark.parametrize(
    ("query", "year"), [("heat 1995", 1995), ("Heat (1995)", 1995), ("heat, 1995", 1995), ("heat", None)]
)
def test_year_at_the_end_of_a_query_is_parsed(query: str, year: int | None) -> None:
    assert parse_query(query).year == year
    assert "heat" in parse_query(query).keys


def test_year_decides_between_movies_of_one_title() -> None:
    assert match_score("heat 1995", "Heat", year=1995) > match_score("heat 1995", "Heat", year=1972)
    assert match_score("heat 1995", "Heat", year=1996) > match_score("heat 1995", "Heat", year=1972)
    assert match_score("heat 1995", "Heat", year=1995) > match_score("heat 1995", "Heat")


@pytest.mark.parametrize("title", ["Death Race 2000", "2001", "1984", "Blade Runner 2049", "Class of 1984"])
def test_year_may_be_part_of_the_title(title: str) -> None:
    assert match_score(title.lower(), title, year=1975) >= 97


def test_rank_ignores_the_order_of_candidates_and_drops_poor_matches() -> None:
    candidates = [
        SearchCandidate(1, "Heat", year=1972),
        SearchCandidate(2, "Heat", year=1995),
        SearchCandidate(3, "Amélie", year=2001),
    ]
    forwards, backwards = rank("heat", candidates), rank("heat", reversed(candidates))
    assert forwards == backwards
    assert [match.movie.id for match in forwards] == [1, 2]
    assert rank("heat", []) == []


# --- over the whole catalogue


class Catalogue:
    """The title index of a database in memory: the 200 movies that share most trigrams with the query."""

    def __init__(self, candidates: Iterable[SearchCandidate]) -> None:
        self.candidates = list(candidates)
        self.keys: dict[str, list[int]] = defaultdict(list)
        self.trigrams: dict[str, list[int]] = defaultdict(list)
        for position, candidate in enumerate(self.candidates):
            for trigram in _trigrams(title_key(candidate.title)):
                self.trigrams[trigram].append(position)

    def search(self, text: str) -> list[SearchCandidate]:
        shared: Counter[int] = Counter()
        for key in parse_query(text).keys:
            for trigram in _trigrams(key):
                shared.update(self.trigrams.get(trigram, ()))
        best = [self.candidates[position] for position, _ in shared.most_common(200)]
        return [match.movie for match in rank(text, best)]


def _trigrams(key: str) -> set[str]:
    spellings = (f"  {key} ", f"  {key.replace(' ', '')} ")
    return {text[i : i + 3] for text in spellings for i in range(len(text) - 2)}


@pytest.fixture(scope="module")
def candidates() -> list[SearchCandidate]:
    return [
        SearchCandidate(
            number,
            movie.title,
            "",
            movie.year,
            starter.estimate_votes(movie.meter, movie.reviews, movie.year, movie.critics_average).popularity,
        )
        for number, movie in enumerate(starter.read())
    ]


@pytest.fixture(scope="module")
def catalogue(candidates: list[SearchCandidate]) -> Catalogue:
    return Catalogue(candidates)


INTENDED = {
    # well-known examples
    "matrix the": "The Matrix (1999)",
    "amelie": "Amélie (2001)",
    "se7en": "Seven (1995)",
    "shawshenk redemtion": "The Shawshank Redemption (1994)",
    "godfather 2": "The Godfather Part II (1974)",
    # typing errors
    "silense of the lambs": "The Silence of the Lambs (1991)",
    "pulp ficton": "Pulp Fiction (1994)",
    "plup fiction": "Pulp Fiction (1994)",
    "amelei": "Amélie (2001)",
    "inglorious basterds": "Inglourious Basterds (2009)",
    "raiders of the lost arc": "Raiders of the Lost Ark (1981)",
    "forest gump": "Forrest Gump (1994)",
    "jurasic park": "Jurassic Park (1993)",
    "juarssic park": "Jurassic Park (1993)",
    "life is beautifull": "Life Is Beautiful (1997)",
    "blade runer": "Blade Runner (1982)",
    "back to the furture": "Back to the Future (1985)",
    "gladitor": "Gladiator (2000)",
    "trainspoting": "Trainspotting (1996)",
    "casablanka": "Casablanca (1942)",
    "citizen cane": "Citizen Kane (1941)",
    "braveheat": "Braveheart (1995)",
    "goodfelas": "Goodfellas (1990)",
    "die hrad": "Die Hard (1988)",
    "cruching tiger hiden dragon": "Crouching Tiger, Hidden Dragon (2000)",
    "finding nimo": "Finding Nemo (2003)",
    "ratatouile": "Ratatouille (2007)",
    "social netwrok": "The Social Network (2010)",
    "taxi drvier": "Taxi Driver (1976)",
    "full metal jaket": "Full Metal Jacket (1987)",
    "apocalipse now": "Apocalypse Now (1979)",
    "resevoir dogs": "Reservoir Dogs (1992)",
    "american beuty": "American Beauty (1999)",
    "mullholland drive": "Mulholland Drive (2001)",
    "amores peros": "Amores perros (2000)",
    "101 dalmations": "101 Dalmatians (1996)",
    "pirates of the carribean": "Pirates of the Caribbean: The Curse of the Black Pearl (2003)",
    "pirates of the carribean dead mans chest": "Pirates of the Caribbean: Dead Man's Chest (2006)",
    "2001 a space odissey": "2001: A Space Odyssey (1968)",
    "it's a wonderfull life": "It's a Wonderful Life (1946)",
    # accents
    "leon": "Léon: The Professional (1994)",
    "les miserables": "Les Misérables (2012)",
    "y tu mama tambien": "Y tu mamá también (2001)",
    # missing, moved or additional words
    "godfather": "The Godfather (1972)",
    "dolce vita, la": "La Dolce Vita (1960)",
    "fiction pulp": "Pulp Fiction (1994)",
    "silence of lambs": "The Silence of the Lambs (1991)",
    "good bad ugly": "The Good, the Bad and the Ugly (1966)",
    "beauty & the beast": "Beauty and the Beast (1991)",
    "beauty and beast": "Beauty and the Beast (1991)",
    "indiana jones last crusade": "Indiana Jones and the Last Crusade (1989)",
    "harry potter philosophers stone": "Harry Potter and the Philosopher's Stone (2001)",
    "monty python holy grail": "Monty Python and the Holy Grail (1975)",
    "one flew over cuckoos nest": "One Flew Over the Cuckoo's Nest (1975)",
    "requiem for dream": "Requiem for a Dream (2000)",
    "clockwork orange": "A Clockwork Orange (1971)",
    "eternal sunshine": "Eternal Sunshine of the Spotless Mind (2004)",
    "crouching tiger": "Crouching Tiger, Hidden Dragon (2000)",
    "slumdog": "Slumdog Millionaire (2008)",
    "batman begin": "Batman Begins (2005)",
    "doctor strangelove": "Dr. Strangelove (1964)",
    "saint elmos fire": "St. Elmo's Fire (1985)",
    "the matrix full movie": "The Matrix (1999)",
    # half of a title with a colon or dash
    "fellowship of the ring": "The Lord of the Rings: The Fellowship of the Ring (2001)",
    "the two towers": "The Lord of the Rings: The Two Towers (2002)",
    "lord of the rings return of the king": "The Lord of the Rings: The Return of the King (2003)",
    "lord of the rings": "The Lord of the Rings: The Return of the King (2003)",
    "empire strikes back": "Star Wars: Episode V – The Empire Strikes Back (1980)",
    "a new hope": "Star Wars: Episode IV – A New Hope (1977)",
    "judgement day": "Terminator 2: Judgment Day (1991)",
    "the professional": "Léon: The Professional (1994)",
    "hobbit": "The Hobbit: An Unexpected Journey (2012)",
    "space odyssey": "2001: A Space Odyssey (1968)",
    "indiana jones": "Indiana Jones and the Last Crusade (1989)",
    # numbers of every kind
    "Godfather: Part II, The": "The Godfather Part II (1974)",
    "the godfather part 3": "The Godfather Part III (1990)",
    "rocky 5": "Rocky V (1990)",
    "rocky iv": "Rocky IV (1985)",
    "star wars 5": "Star Wars: Episode V – The Empire Strikes Back (1980)",
    "star wars episode 1": "Star Wars: Episode I – The Phantom Menace (1999)",
    "terminator 2": "Terminator 2: Judgment Day (1991)",
    "alien³": "Alien 3 (1992)",
    "apollo13": "Apollo 13 (1995)",
    "twelve monkeys": "12 Monkeys (1995)",
    "12 angry men": "12 Angry Men (1957)",
    "7 samurai": "Seven Samurai (1954)",
    "oceans 11": "Ocean's Eleven (2001)",
    "300": "300 (2006)",
    "2001": "2001: A Space Odyssey (1968)",
    "8 1/2": "8½ (1963)",
    "28 days latter": "28 Days Later (2002)",
    "twenty eight days later": "28 Days Later (2002)",
    "friday the thirteenth": "Friday the 13th (1980)",
    "6th sense": "The Sixth Sense (1999)",
    "kill bill volume two": "Kill Bill: Volume 2 (2004)",
    "deathly hallows 2": "Harry Potter and the Deathly Hallows – Part 2 (2011)",
    "back to future 3": "Back to the Future Part III (1990)",
    "mission impossible 3": "Mission: Impossible III (2006)",
    "hangover 2": "The Hangover Part II (2011)",
    # letters that are not numbers
    "malcolm x": "Malcolm X (1992)",
    "american history x": "American History X (1998)",
    "v for vendetta": "V for Vendetta (2005)",
    "king and i": "The King and I (1956)",
    # spaces, hyphens and other signs
    "spiderman": "Spider-Man (2002)",
    "spider man 2": "Spider-Man 2 (2004)",
    "starwars": "Star Wars: Episode IV – A New Hope (1977)",
    "wall e": "WALL-E (2008)",
    "WALL·E": "WALL-E (2008)",
    "walle": "WALL-E (2008)",
    "bladerunner": "Blade Runner (1982)",
    "ironman": "Iron Man (2008)",
    "xmen": "X-Men (2000)",
    "good fellas": "Goodfellas (1990)",
    "face off": "Face/Off (1997)",
    "monsters inc": "Monsters, Inc. (2001)",
    "la confidential": "L.A. Confidential (1997)",
    "L.A. confidental": "L.A. Confidential (1997)",
    "m*a*s*h": "MASH (1970)",
    "et": "E.T. the Extra-Terrestrial (1982)",
    "schindlers list": "Schindler's List (1993)",
    "o brother where art thou": "O Brother, Where Art Thou? (2000)",
    # years of the movie or of its title
    "heat 1995": "Heat (1995)",
    "Heat (1995)": "Heat (1995)",
    "titanic 1953": "Titanic (1953)",
    "psycho 1960": "Psycho (1960)",
    "batman 1989": "Batman (1989)",
    "the thing 1982": "The Thing (1982)",
    "death race 2000": "Death Race 2000 (1975)",
    # several of that title: the best known
    "heat": "Heat (1995)",
    "titanic": "Titanic (1997)",
    "up": "Up (2009)",
    "avengers": "The Avengers (2012)",
    "casino royal": "Casino Royale (2006)",
}


@pytest.mark.parametrize(("text", "intended"), INTENDED.items())
def test_intended_movie_is_among_the_first_three(catalogue: Catalogue, text: str, intended: str) -> None:
    first = [f"{movie.title} ({movie.year})" for movie in catalogue.search(text)[:3]]
    assert intended in first


@pytest.mark.parametrize("text", list(INTENDED)[:5])
def test_two_hundred_candidates_give_the_same_first_three(
    catalogue: Catalogue, candidates: list[SearchCandidate], text: str
) -> None:
    assert catalogue.search(text)[:3] == [match.movie for match in rank(text, candidates)][:3]


def test_nonsense_finds_nothing(catalogue: Catalogue) -> None:
    for text in ("zzzzzz", "qwertyuiop", "", "   ", "!!!", "x" * 500):
        assert catalogue.search(text) == []
