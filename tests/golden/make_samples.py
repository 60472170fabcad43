"""Make the samples of stored data: `python -m tests.golden.make_samples FOLDER`.

Those in `samples/` are of the version that is named by their folder, and stay as they are: a version that
changes what is stored adds a folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.golden.world import made, run_server_command, tmdb_cache


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as home:
        with made(Path(home)) as world:
            path = "/api/v1/exports/?format=json"
            (folder / "account.jsonl").write_bytes(
                world.daemon.request("GET", path, token=world.ada.access).body
            )
            settings = world.settings
        entries = {key: value.decode() for key, value in sorted(tmdb_cache(settings).items())}
        kept = {key: value for key, value in entries.items() if "2000000" in key or "genre" in key}
        (folder / "tmdb_cache.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        run_server_command("backup", str(folder / "server.backup"), MOVIEREC_HOME=home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
