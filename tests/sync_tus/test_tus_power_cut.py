"""What is acknowledged is on the disk: the power goes at random points."""

import pytest

from tests.sync_tus import power_cut


@pytest.mark.parametrize(
    "seed", [*range(12), *(pytest.param(n, marks=pytest.mark.deep) for n in range(12, 400))]
)
def test_nothing_acknowledged_is_lost_and_no_file_is_wrong(tmp_path, seed):
    assert power_cut.lost_power(tmp_path, seed)


@pytest.mark.parametrize("seed", range(4))
def test_nor_where_files_lie_in_the_clear(tmp_path, seed):
    assert power_cut.lost_power(tmp_path, seed, None)


def test_without_fdatasync_the_same_would_be_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(power_cut.RecordingOs, "fdatasync", lambda *_: None)
    assert not all(power_cut.lost_power(tmp_path / str(seed), seed) for seed in range(12))
