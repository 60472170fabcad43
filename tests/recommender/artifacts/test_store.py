"""The store of model versions: publishing, checking, rollback, retention."""

import random
from pathlib import Path

import numpy as np
import pytest

from movierec.recommender.artifacts import store
from movierec.recommender.artifacts.store import CorruptArtifact

ARRAYS = {"long": np.arange(12, dtype=np.int8).reshape(3, 4), "films": np.array([5, 7, 9])}


def publish(folder: Path, watermark: int = 1) -> str:
    return store.publish(folder, ARRAYS, {"watermark": watermark})


def test_published_version_is_loaded(tmp_path: Path) -> None:
    version = publish(tmp_path / "models")
    artifact, problems = store.load_current(tmp_path / "models")
    assert problems == []
    assert artifact is not None
    assert artifact.version == version == store.current_version(tmp_path / "models")
    assert artifact.manifest["watermark"] == 1
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(artifact.arrays[name], array)
        assert isinstance(artifact.arrays[name], np.memmap)


def test_empty_folder_has_no_version_and_no_problem(tmp_path: Path) -> None:
    assert store.load_current(tmp_path / "models") == (None, [])


def test_three_versions_are_kept(tmp_path: Path) -> None:
    names = [publish(tmp_path, i) for i in range(5)]
    assert store.list_versions(tmp_path) == names[:1:-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[2:], "current"]


def test_rolling_back_and_forward(tmp_path: Path) -> None:
    first, second, third = (publish(tmp_path, i) for i in range(3))
    assert store.roll_back(tmp_path).version == second
    assert store.roll_back(tmp_path).version == first
    with pytest.raises(LookupError, match="no earlier model"):
        store.roll_back(tmp_path)
    store.roll_back(tmp_path, third)
    assert store.current_version(tmp_path) == third


def test_current_version_after_a_rollback_is_loaded(tmp_path: Path) -> None:
    names = [publish(tmp_path, i) for i in range(3)]
    store.roll_back(tmp_path, names[0])
    artifact, problems = store.load_current(tmp_path)
    assert artifact is not None
    assert (artifact.version, problems) == (names[0], [])


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one bit flipped, truncated, or with a byte inserted."""
    position = rng.randrange(len(content))
    match rng.randrange(3):
        case 0:
            return (
                content[:position]
                + bytes([content[position] ^ 1 << rng.randrange(8)])
                + content[position + 1 :]
            )
        case 1:
            return content[:position]
        case _:
            return content[:position] + bytes([rng.randrange(256)]) + content[position:]


def test_corruption_is_detected_and_the_previous_version_loads(tmp_path: Path) -> None:
    previous, latest = publish(tmp_path, 1), publish(tmp_path, 2)
    rng = random.Random(42)
    files = sorted((tmp_path / latest).iterdir())
    for _ in range(600):
        path = rng.choice(files)
        whole = path.read_bytes()
        path.write_bytes(mutated(whole, rng))
        with pytest.raises(CorruptArtifact):
            store.load(tmp_path, latest)
        artifact, problems = store.load_current(tmp_path)
        assert artifact is not None
        assert artifact.version == previous
        assert latest in problems[0]
        path.write_bytes(whole)
    assert store.load(tmp_path, latest).version == latest


def test_missing_file_is_detected(tmp_path: Path) -> None:
    version = publish(tmp_path)
    (tmp_path / version / "long.npy").unlink()
    with pytest.raises(CorruptArtifact):
        store.load(tmp_path, version)


@pytest.mark.parametrize("name", ["", "..", "../elsewhere", "nonsense\n", "\xff"])
def test_damaged_pointer_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    version = publish(tmp_path)
    (tmp_path / "current").write_bytes(name.encode("latin-1"))
    artifact, _ = store.load_current(tmp_path)
    assert artifact is not None
    assert artifact.version == version


def test_interrupted_publish_leaves_the_old_version_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish(tmp_path)
    monkeypatch.setattr(store, "fsync_folder", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(tmp_path, 2)
    artifact, problems = store.load_current(tmp_path)
    assert artifact is not None
    assert (artifact.version, problems) == (version, [])


def test_abandoned_drafts_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".draft-1-2").mkdir()
    monkeypatch.setattr(store, "ABANDONED_SECONDS", -1)
    publish(tmp_path)
    assert not list(tmp_path.glob(".draft-*"))
