"""Progress bars for a terminal, one per stage. Imported only to show one: rich takes 70 ms to load."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from movierec.cli.terminal import escape_single_spaced


class ProgressBars:
    """One progress bar per stage, on standard error."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            refresh_per_second=4,
            console=Console(stderr=True, markup=False, highlight=False),
        )
        self._stage = ""
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, stage: str, done: int, total: int) -> None:
        if self._task is None or stage != self._stage:
            self._end_stage()
            self._stage = stage
            self._task = self._progress.add_task(escape_single_spaced(stage), total=total or None)
        self._progress.update(self._task, completed=done, total=total or None)

    def _end_stage(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[-1].total
            self._progress.update(self._task, completed=total or 1, total=total or 1)
