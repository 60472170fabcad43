"""Movies of the tests: some sixty well-known ones of the shipped catalogue."""

from __future__ import annotations

from movierec import db, movies

NOW = 1_750_000_000

# By IMDb id. Some share a title: Heat, King Kong, Psycho, Solaris, The Thing, Titanic, Gladiator.
MOVIE_TITLES = {
    "tt0033467": "Citizen Kane",
    "tt0034583": "Casablanca",
    "tt0046435": "Titanic (1953)",
    "tt0047478": "Seven Samurai",
    "tt0050083": "12 Angry Men",
    "tt0052357": "Vertigo",
    "tt0054215": "Psycho (1960)",
    "tt0056801": "8½",
    "tt0062622": "2001: A Space Odyssey",
    "tt0068646": "The Godfather",
    "tt0068688": "Heat (1972)",
    "tt0069293": "Solaris (1972)",
    "tt0071562": "The Godfather Part II",
    "tt0071853": "Monty Python and the Holy Grail",
    "tt0074751": "King Kong (1976)",
    "tt0076759": "Star Wars: Episode IV – A New Hope",
    "tt0078748": "Alien",
    "tt0080684": "Star Wars: Episode V – The Empire Strikes Back",
    "tt0081505": "The Shining",
    "tt0082971": "Raiders of the Lost Ark",
    "tt0083658": "Blade Runner",
    "tt0083866": "E.T. the Extra-Terrestrial",
    "tt0084787": "The Thing (1982)",
    "tt0088247": "The Terminator",
    "tt0088763": "Back to the Future",
    "tt0090605": "Aliens",
    "tt0095016": "Die Hard",
    "tt0099674": "The Godfather Part III",
    "tt0099685": "Goodfellas",
    "tt0102926": "The Silence of the Lambs",
    "tt0103064": "Terminator 2: Judgment Day",
    "tt0104346": "Gladiator (1992)",
    "tt0105236": "Reservoir Dogs",
    "tt0107290": "Jurassic Park",
    "tt0109830": "Forrest Gump",
    "tt0110357": "The Lion King",
    "tt0110413": "Léon: The Professional",
    "tt0110912": "Pulp Fiction",
    "tt0111161": "The Shawshank Redemption",
    "tt0113277": "Heat (1995)",
    "tt0114369": "Seven",
    "tt0114709": "Toy Story",
    "tt0116282": "Fargo",
    "tt0120338": "Titanic (1997)",
    "tt0120363": "Toy Story 2",
    "tt0120737": "The Lord of the Rings: The Fellowship of the Ring",
    "tt0125439": "Notting Hill",
    "tt0126029": "Shrek",
    "tt0133093": "The Matrix",
    "tt0137523": "Fight Club",
    "tt0145487": "Spider-Man",
    "tt0155975": "Psycho (1998)",
    "tt0167260": "The Lord of the Rings: The Return of the King",
    "tt0167261": "The Lord of the Rings: The Two Towers",
    "tt0172495": "Gladiator (2000)",
    "tt0211915": "Amélie",
    "tt0266543": "Finding Nemo",
    "tt0307479": "Solaris (2002)",
    "tt0316654": "Spider-Man 2",
    "tt0360717": "King Kong (2005)",
    "tt0435761": "Toy Story 3",
    "tt0468569": "The Dark Knight",
    "tt0905372": "The Thing (2011)",
    "tt0910970": "WALL-E",
    "tt1049413": "Up",
    "tt1375666": "Inception",
}


def store_movies() -> None:
    """Store the movies in the connected database."""
    movies.upsert(movies.starter_records(MOVIE_TITLES), NOW)


def movie_id(imdb_id: str) -> int:
    """Return the id of a movie in the connected database."""
    return movies.by_imdb_id(imdb_id)


def movie_count() -> int:
    """Return the number of movies in the connected database."""
    return int(db.value("SELECT COUNT(*) FROM movies"))
