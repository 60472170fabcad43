"""Trigrams of title keys: what the title index is asked for. Pure, and the same for both databases."""

from __future__ import annotations

# So many of a text are looked up at least and at most.
MINIMUM_TRIGRAMS, MAXIMUM_TRIGRAMS = 4, 24

# Each in more than 2 % of the shipped titles, the commonest first. They cost most and tell least of a title,
# so they are looked up only where a text has hardly any others.
_COMMON = (
    " th|the|he |  s|er | of|of |  b|ing|ng |nd |and|  m|  c|on |es |  t| an|in | ma|an |  d| in|  l|  h|"
    "  a|  f|  p|  w|en |ter| st|rs |st |  r|ers|  g| co|le |man| to| li| de|ed |her|  i| mo|ent| be|igh|"
    " ho| lo|ce | da|ne |re |ion|ght|ve |me |oft|f t| ca|n t|ll |ry | wi|fth| fo|ty |th | tw| re|e t| ba|"
    "or |  e| wa|ill|  n| he| ch| se|to |nth|est|s o|e o| ha|one| la|all|se | pa| me|ts | bl|nt |int|d t|"
    " bo|et | a |ear|for|ree|ay |two|e s| go| on|ver|ove|ck | ki|e a|al | fi| fa| do| br| fr|sto|wo |at |"
    "ar |ast|ss |ns |  o| sh|sof|rea|e m| ro|te |art|ste| wo| tr|our| mi| wh|ran|sta"
)
COMMON = {trigram: place for place, trigram in enumerate(_COMMON.split("|"))}


def select_trigrams(key: str) -> list[str]:
    """The telling trigrams of a key, spread over its length; of the common ones few or none."""
    text = f"  {key} "
    found = dict.fromkeys(text[i : i + 3] for i in range(len(text) - 2))
    telling = [trigram for trigram in found if trigram not in COMMON]
    common = sorted((trigram for trigram in found if trigram in COMMON), key=COMMON.__getitem__, reverse=True)
    every = -(-len(telling) // MAXIMUM_TRIGRAMS) or 1
    return [*telling[::every], *common[: max(MINIMUM_TRIGRAMS - len(telling), 0)]]
