"""A study of 20,000 subjects with 300 variables leaves: everything in three formats, on an encrypted store.

The writing runs in a process of its own, so that its memory is its own. ``--subjects N`` makes it smaller.
"""

import argparse
import gc
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import msgspec

import resources
from domain import features
from domain.catalog.content import load_catalog
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.research.export_commands import ExportStudyData
from forms.research.exporting import prepare, write_export
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.alert_store import DEVICE, NOW, ORG
from tests.bench.goals import Goals
from tests.bench.research_store import FORM, FORM_ITEMS, STUDY, fill, questionnaire

KEY = bytes(range(32))
ME = system_actor(ORG, DEVICE)
RESULTS = 150
FORMATS = {"all": ["xlsx", "csv", "parquet"], "xlsx": ["xlsx"], "csv": ["csv"], "parquet": ["parquet"]}


def peak_mib() -> float:
    """Return the most memory this process has had; what rusage tells begins with its parent's."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def export(path: str, target: str, formats: list[str], answer: Any) -> None:
    """Export the whole study in this process and tell what it took."""
    gc.disable()  # as in the client, where the thread of the screen collects when nobody waits (client/collector.py)
    features.load()
    catalog, texts = load_catalog(resources.folder("catalog")), Texts.load(resources.folder("texts/zh"))
    store = open_branch_store(Path(path), KEY)
    desk = Dispatcher(store, clock=lambda: NOW, content={"number_prefix": "101", "catalog": catalog})
    forms = Path(path).parent / "forms"
    before = peak_mib()
    begun, own = time.perf_counter(), time.process_time()
    order = ExportStudyData(study_id=STUDY, formats=formats, purpose="bench")
    export_id = desk.run(order, ME).receipt.export_id
    noted = time.perf_counter()
    with store.read() as connection:
        ready = prepare(connection, ME, export_id, catalog=catalog, folder=forms, say=texts.say)
    prepared = time.perf_counter()
    written = write_export(store, ready, Path(target), texts.say, lambda _done, _of: True, version="bench")
    took, own = time.perf_counter() - begun, time.process_time() - own
    store.close()
    assert written is not None
    answer.put(
        {
            "seconds": took, "processor_s": own, "on_record_s": noted - begun, "prepare_s": prepared - noted,
            "peak_mib": peak_mib(), "before_mib": before,
            "variables": len(ready.dictionary.variables),
            "rows": {name: one["rows"] for name, one in written.tables.items()},
            "mib": sum(one.stat().st_size for one in Path(target).iterdir()) / 2**20,
        }
    )  # fmt: skip


def measured(path: Path, folder: Path, formats: list[str]) -> dict[str, Any]:
    """Return what an export took, in a fresh process; its files are removed."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    target = folder / uuid.uuid4().hex
    process = context.Process(target=export, args=(str(path), str(target), formats, answer))
    process.start()
    found: dict[str, Any] = answer.get(timeout=1800)
    process.join()
    shutil.rmtree(target)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=20_000)
    count = parser.parse_args().subjects
    goals = Goals("export")
    features.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "forms").mkdir()
        (folder / "forms" / f"{FORM}.json").write_bytes(msgspec.json.encode(questionnaire()))
        store = open_branch_store(folder / "branch.db", KEY)
        prepare_store(store)
        fill(store, load_catalog(resources.folder("catalog")), subjects=count, results=RESULTS)
        store.close()
        goals.note(subjects=count, results=RESULTS, questions=FORM_ITEMS)
        for kind, formats in FORMATS.items():
            found = measured(folder / "branch.db", folder, formats)
            goals.note(**{f"{kind}_{name}": value for name, value in found.items() if name != "rows"})
            if kind == "all":
                goals.note(rows=json.dumps(found["rows"]))
                goals.goal("all_formats_s", found["seconds"], "<", 60)
                goals.goal("all_formats_processor_s", found["processor_s"], "<", 60)
                goals.goal("all_formats_peak_mib", found["peak_mib"], "<", 500)
                goals.goal("variables", found["variables"], ">=", 300)
            else:
                goals.goal(f"{kind}_s", found["seconds"], "<", 60)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
