"""Labels to a printer: 500 of them over TCP to a simulated one, each drawn, sent and confirmed before the next.

``python -m tests.bench.bench_labels`` prints with every language whose printers confirm, decodes every picture
that came
out, and watches the memory. The simulator is a process of its own, as a printer is a machine of its own; a real
printer
adds the time of its motor. Closing lines ``name value op goal holds|short``, and bench-out/labels.json.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zxingcpp
from PIL import Image

import resources
from devices.labels.jobs import JobState
from devices.labels.layout import lay_out
from devices.labels.model import Label
from devices.labels.printer import Printer
from devices.labels.raster import png
from devices.labels.templates import load_labels
from devices.labels.transports import TcpTransport
from domain.biobank.numbers import SpecimenNumberBlock
from tests.bench.goals import Goals, percentile

LABELS = 500
GOAL_PER_S = 10.0
LANGUAGES = ("zpl", "tspl", "cpcl", "escpos")
PREVIEW_MS = 50.0
"""The turn of the event loop that a designer's preview may take."""
MEMORY_MIB = 20.0


def tubes(count: int, template: str, dpi: int) -> list[Label]:
    """Return labels of so many numbers of one block."""
    found, made = load_labels(resources.folder("documents") / "labels")[template], []
    block = SpecimenNumberBlock("2611", 0, digits=True)
    for _ in range(count):
        number, block = block.allocate()
        made.append(found.fill({**found.sample(), "specimen_number": number}))
    lay_out(made[0], dpi)  # fonts are read once a process
    return made


def numbers_of(labels: list[Label]) -> list[str]:
    """Return the codes that were asked for."""
    return [next(e.data for e in label.elements if e.__struct_config__.tag == "code128") for label in labels]


def one_language(goals: Goals, language: str, count: int, folder: Path) -> float:
    """Print and return labels a second; notes what came out."""
    folder.mkdir()
    labels = tubes(count, "tube_50x30", 203)
    command = [sys.executable, "-m", "devices.labels.simulator", "--language", language, "--out", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdin is not None
        assert simulator.stdout is not None
        port = json.loads(simulator.stdout.readline())["port"]
        printer = Printer(language, TcpTransport("127.0.0.1", port), language)
        printer.print_batch(labels[:5])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun, cpu = time.perf_counter(), time.process_time()
        batch = printer.print_batch(labels)
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        simulator.stdin.write("quit\n")
        simulator.stdin.close()
        simulator.wait(30)
    printed = sum(result.state is JobState.PRINTED for result in batch.results)
    read = []
    for path in sorted(folder.glob("label-*.png"))[5:]:
        with Image.open(path) as picture:
            read.append([code.text for code in zxingcpp.read_barcodes(picture.convert("L"))])
    right = sum(found == [number] for found, number in zip(read, numbers_of(labels), strict=False))
    goals.note(
        **{
            f"{language}_labels_per_s": count / took, f"{language}_processor_ms_a_label": cpu / count * 1000,
            f"{language}_confirmed": printed, f"{language}_decoded_in_order": right,
            f"{language}_memory_grown_mib": grown,
        }
    )  # fmt: skip
    goals.goal(f"{language}_not_right", count - min(printed, right), "<=", 0)
    goals.goal(f"{language}_memory_grown_mib", grown, "<", MEMORY_MIB)
    return count / took


def previews(goals: Goals) -> None:
    """Measure what a designer waits for: fill, lay out and draw a label with another name each time."""
    template = load_labels(resources.folder("documents") / "labels")["tube_50x30"]
    times = []
    for turn in range(200):
        begun = time.perf_counter()
        label = template.fill({**template.sample(), "patient_name": f"欧阳{turn}"})
        png(lay_out(label, 300), 2)
        times.append((time.perf_counter() - begun) * 1000)
    goals.goal("preview_p95_ms", percentile(times, 0.95), "<", PREVIEW_MS)


def main() -> int:
    """Measure; returns 0 also where a goal was missed."""
    parser = argparse.ArgumentParser(prog="bench_labels")
    parser.add_argument("--labels", type=int, default=LABELS)
    chosen = parser.parse_args()
    goals = Goals("labels")
    with tempfile.TemporaryDirectory() as place:
        rates = [one_language(goals, name, chosen.labels, Path(place) / name) for name in LANGUAGES]
    goals.goal("labels_per_s_slowest_language", min(rates), ">=", GOAL_PER_S)
    previews(goals)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
