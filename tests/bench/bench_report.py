"""Risk reports: one of twelve pages when everything is warm, and five hundred on two processors beside one.

Every report is a whole PDF/A with fonts, drawings and bookmarks; a batch's figure counts the start of its processes.
The number of pages is read back from the files. Both batches render the same people.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2

import resources
from forms.batch import Job, render_batch
from forms.documents import load_documents
from forms.risk_report import VERSIONS, render_risk_report
from tests.bench.goals import Goals, percentile
from tests.forms.risk_people import ILL, content_of
from tests.risk.people import healthy

FIRST = date(2015, 11, 20)
DIFFERENT = 250
"""People in a batch; a batch of more begins again with the first, long forgotten by then."""
ITEMS = (("收缩压", "mmHg"), ("总胆固醇", "mmol/L"), ("空腹血糖", "mmol/L"), ("体重指数", "kg/m²"),
         ("低密度脂蛋白胆固醇", "mmol/L"), ("尿酸", "μmol/L"), ("甘油三酯", "mmol/L"), ("腰围", "cm"))  # fmt: skip


def main() -> int:
    """Measure and print the closing lines."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=500)
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    goals = Goals("report")
    documents = load_documents(resources.folder("documents"))
    big = large_content("R0")
    pages = len(pypdfium2.PdfDocument(render_risk_report(documents, big, "professional")))
    people = [large_content(f"W{index}", index) for index in range(1, 16)]
    warm = [timed(lambda one=one: render_risk_report(documents, one, "professional")) for one in people]
    goals.note(pages=pages, warm_p95_s=percentile(warm, 0.95), reports=options.reports)
    for version in VERSIONS:
        other = large_content("V", 99)
        goals.note(
            **{f"warm_{version}_s": timed(lambda v=version, o=other: render_risk_report(documents, o, v))}
        )
    goals.goal("pages_of_the_report", pages, ">=", 12)
    goals.goal("report_warm_median_s", statistics.median(warm), "<", 0.5)
    ratios = []
    for turn in range(options.rounds):
        order = (1, 2) if turn % 2 == 0 else (2, 1)
        took = {processes: batch(options.reports, processes) for processes in order}
        goals.note(**{f"batch_on_{n}_s_{turn}": seconds for n, seconds in took.items()})
        ratios.append(took[1] / took[2])
    goals.goal("two_processors_over_one", statistics.median(ratios), ">=", 1.8)
    return goals.close()


def large_content(number: str, other: int = 0) -> dict[str, Any]:
    """Return the data set of somebody with eight results over eleven years and many special assessments.

    `other` makes it another person's: the typesetter remembers what it has laid out before.
    """
    years = range(11)
    days = [(FIRST + timedelta(days=365 * year)).isoformat() for year in years]
    trends = [
        {
            "title": title, "unit": unit, "low": "10", "high": "140",
            "points": [
                {"date": days[year], "value": str(80 + (7 * year + 11 * index + 13 * other) % 60)} for year in years
            ],
        }
        for index, (title, unit) in enumerate(ITEMS)
    ]  # fmt: skip
    scales = [
        {
            "title": f"专项评估 {index}", "group": "睡眠", "at": "2026-11-23", "status": "computed",
            "score": str(index + other % 7), "unit": "分", "band": "一般", "safety": False, "unverified": [],
            "parts": [{"label": f"成分 {part}", "value": str(part), "band": None} for part in range(7)],
            "sentences": ["总分高于常模，提示存在问题，建议复评。"] * 2,
            "advice": [{"text": "每天固定时间起床，卧床只用来睡觉，午后不饮咖啡和浓茶。", "source": "自拟"}] * 4,
        }
        for index in range(24)
    ]  # fmt: skip
    values = {**ILL, "sbp": 135.0 + other % 40, "weight": 75.0 + other % 23, "tc": 5.2 + other % 19 / 10}
    return content_of(healthy("male", 45 + other % 29, **values), number=number, trends=trends, scales=scales)


def timed(work: Any) -> float:
    """Return the seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def batch(reports: int, processes: int) -> float:
    """Return the seconds for so many reports; every file is there and whole, or the figure does not count."""
    people = [large_content(f"R{index:04d}", index) for index in range(min(reports, DIFFERENT))]
    folder = Path(tempfile.mkdtemp(prefix="aftercheck-reports-"))
    try:
        jobs = [Job(f"R{index:04d}", people[index % len(people)]) for index in range(reports)]
        start = time.perf_counter()
        outcome = render_batch(jobs, folder, resources.folder("documents"), processes=processes)
        took = time.perf_counter() - start
        whole = [path for path in outcome.files.values() if path.read_bytes()[-6:].strip() == b"%%EOF"]
        if len(whole) != reports:
            raise SystemExit(f"{len(whole)} of {reports} reports came out whole")
        return took
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
