"""Bringing a user's own history in: reading, matching, asking where a film is not certain, applying."""

from movierec.exchange.importing.options import Options, Policy
from movierec.exchange.importing.pipeline import LookUp, check_source, import_history
from movierec.exchange.importing.problems import problems
from movierec.exchange.importing.report import Problem
from movierec.exchange.importing.review import (
    OPEN,
    Question,
    answer,
    answered,
    ask_again,
    question,
    questions,
    searched,
    take_back,
    withdraw,
)
from movierec.exchange.readers.records import FilmName

__all__ = [
    "OPEN",
    "FilmName",
    "LookUp",
    "Options",
    "Policy",
    "Problem",
    "Question",
    "answer",
    "answered",
    "ask_again",
    "check_source",
    "import_history",
    "problems",
    "question",
    "questions",
    "searched",
    "take_back",
    "withdraw",
]
