"""Print the settings of the recommender as Markdown tables: `python -m scripts.settings_table [--write]`.

With --write they replace what stands between the two marks in `docs/recommender.md`.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path

from movierec.recommender.engine.settings import BENCHMARKS, GROUPS, EdlaeSettings, ModelSettings

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "recommender.md"
BEGIN, END = "<!-- settings -->", "<!-- end of settings -->"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="replace the tables in docs/recommender.md")
    if not arguments.parse_args().write:
        print(tables())
        return
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{tables()}\n{END}{after}", encoding="utf-8")


def tables() -> str:
    """Return the benchmarks, and the settings of each class."""
    lines = ["| benchmark | command and figures |", "|---|---|"]
    lines += [f"| {label} | {command} |" for label, command in BENCHMARKS.items()]
    for group in GROUPS:
        lines += ["", f"### {group.__name__}", "", (group.__doc__ or "").strip().split("\n")[0], ""]
        lines += ["| setting | default | unit | meaning | benchmark |", "|---|---|---|---|---|"]
        for setting in dataclasses.fields(group):
            texts = (setting.metadata[key] for key in ("unit", "meaning", "chosen_by"))
            lines.append("| " + " | ".join((f"`{setting.name}`", default_of(setting), *texts)) + " |")
    return "\n".join(lines) + "\n"


def default_of(setting: dataclasses.Field[object]) -> str:
    """Return the default of a setting in words; the two matrices share a class that has none."""
    value = setting.default
    if setting.default_factory is not dataclasses.MISSING:
        value = setting.default_factory()
    if value is dataclasses.MISSING:
        long, short = (
            getattr(matrix, setting.name) for matrix in (ModelSettings().long, ModelSettings().short)
        )
        return f"long {long:g}, short {short:g}"
    if isinstance(value, EdlaeSettings):
        return "`EdlaeSettings`"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {factor:g}" for key, factor in value.items())
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(map(str, sorted(value) if isinstance(value, frozenset) else value))
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
