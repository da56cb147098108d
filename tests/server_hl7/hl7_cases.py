"""A valid ORU^R01 in parts, for tests to bend."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache

from domain.catalog.content import load_catalog
from resources import folder
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results

CLINIC = timezone(timedelta(hours=8))
NOW = datetime(2026, 3, 14, 1, 0, tzinfo=UTC)
MSH = "MSH|^~\\&|LIS|B01|AFTERCHECK|HQ|20260314083000||ORU^R01^ORU_R01|M1|P|2.5.1||||||UNICODE UTF-8"
PID = "PID|1||R1^^^HIS^MR~440306198512120042^^^GA^NI||王^小明||19851212|F|||||13800000000^PRN^CP"
ORC = "ORC|RE|V0001"
OBR = "OBR|1|V0001|L1|TJ^体检检验^99LIS|||20260314080000|||||||||||||||20260314083000||LAB|F"
SPM = "SPM|1|S0001||BLD"


@cache
def catalog():
    return load_catalog(folder("catalog"))


def obx(
    code="718-7^血红蛋白^LN",
    value="128",
    unit="g/L",
    *,
    kind="NM",
    limits="115-150",
    flag="N",
    status="F",
    number=1,
):
    return f"OBX|{number}|{kind}|{code}||{value}|{unit}|{limits}|{flag}|||{status}|||20260314082000"


def message(*results, msh=MSH, pid=PID, before=(ORC, OBR), after=(SPM,)):
    segments = [msh, pid, "PV1|1|O", *before, *(results or (obx(),)), *after]
    return "\r".join(part for part in segments if part) + "\r"


def read(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_results(parse_message(data), catalog(), zone=CLINIC, now=NOW, **options)
