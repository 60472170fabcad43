"""Selection of the trigrams of a title key that the title index is queried for. Pure, for both databases."""

from __future__ import annotations

# Bounds of the number of trigrams that one text is looked up by.
MINIMUM_TRIGRAMS, MAXIMUM_TRIGRAMS = 4, 24

# Each in more than 2 % of the shipped titles, the commonest first. They cost most and distinguish titles least,
# so they are looked up only where a text has hardly any others.
_COMMON = (
    " th|the|he |  s|er | of|of |  b|ing|ng |nd |and|  m|  c|on |es |  t| an|in | ma|an |  d| in|  l|  h|"
    "  a|  f|  p|  w|en |ter| st|rs |st |  r|ers|  g| co|le |man| to| li| de|ed |her|  i| mo|ent| be|igh|"
    " ho| lo|ce | da|ne |re |ion|ght|ve |me |oft|f t| ca|n t|ll |ry | wi|fth| fo|ty |th | tw| re|e t| ba|"
    "or |  e| wa|ill|  n| he| ch| se|to |nth|est|s o|e o| ha|one| la|all|se | pa| me|ts | bl|nt |int|d t|"
    " bo|et | a |ear|for|ree|ay |two|e s| go| on|ver|ove|ck | ki|e a|al | fi| fa| do| br| fr|sto|wo |at |"
    "ar |ast|ss |ns |  o| sh|sof|rea|e m| ro|te |art|ste| wo| tr|our| mi| wh|ran|sta"
)
# Rank of each common trigram, the commonest first.
COMMON = {trigram: rank for rank, trigram in enumerate(_COMMON.split("|"))}


def select_trigrams(key: str) -> list[str]:
    """Return the rare trigrams of a key, spread over its length, and few or none of the common ones."""
    text = f"  {key} "
    trigrams = dict.fromkeys(text[i : i + 3] for i in range(len(text) - 2))
    rare = [trigram for trigram in trigrams if trigram not in COMMON]
    common = sorted((each for each in trigrams if each in COMMON), key=COMMON.__getitem__, reverse=True)
    step = -(-len(rare) // MAXIMUM_TRIGRAMS) or 1
    return [*rare[::step], *common[: max(MINIMUM_TRIGRAMS - len(rare), 0)]]
