"""The records of the benches of sync: clients of about 1 KiB, written with an entry of the log each."""

import json
import random
import uuid
from pathlib import Path
from typing import Any

from domain.kernel.change_log import Body, Change, append_entry
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import Id, new_id
from domain.kernel.store import Store
from sync.rows import Rows
from sync.shapes import shape_of

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉红建文辉力云莉鹏宇欣怡晨阳思佳梓涵"
ROADS = [
    "长安",
    "建国",
    "朝阳",
    "文化",
    "学院",
    "中山",
    "人民",
    "解放",
    "和平",
    "友谊",
    "东风",
    "新华",
    "延安",
    "滨江",
    "湖滨",
    "青年",
    "健康",
    "幸福",
]
DRUGS = [
    "青霉素",
    "头孢类",
    "磺胺类",
    "阿司匹林",
    "碘造影剂",
    "链霉素",
    "布洛芬",
    "普鲁卡因",
    "破伤风抗毒素",
    "左氧氟沙星",
    "花生",
    "海鲜",
    "芒果",
    "花粉",
    "尘螨",
]
SIGNS = [
    "皮疹",
    "荨麻疹",
    "喉头水肿",
    "呼吸困难",
    "恶心呕吐",
    "面部潮红",
    "血压下降",
    "眼睑浮肿",
    "胸闷",
    "腹痛",
]
ACTS = [
    "停药后自行缓解",
    "口服抗过敏药后好转",
    "急诊留观一夜",
    "门诊肌注后消退",
    "未处理次日消失",
    "住院三天",
]
PLACES = ["本院急诊", "社区卫生服务中心", "区人民医院", "外地就诊", "家中自述", "体检时问得"]
EVERYBODY = uuid.UUID(int=0)
_BATCH = 1000


def fields_of(number: int) -> dict[str, Any]:
    """Return a client whose row is about 1 KiB, all of them different and none a repetition of itself."""
    chance = random.Random(number)  # noqa: S311 (invented people)
    told = ""
    while len(told) < 310:
        told += (
            f"{chance.randrange(1990, 2026)}年{chance.randrange(1, 13)}月{chance.randrange(1, 29)}日"
            f"{chance.choice(PLACES)}：用{chance.choice(DRUGS)}{chance.randrange(5, 500)}毫克后"
            f"{chance.randrange(1, 90)}分钟出现{chance.choice(SIGNS)}，{chance.choice(ACTS)}；"
        )
    return {
        "number": f"P{number:08d}", "name": chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2)),
        "sex": chance.choice("12"), "birth_date": f"{chance.randrange(1940, 2005)}-0{chance.randrange(1, 10)}-1"
        f"{chance.randrange(10)}", "id_type": "01", "phone": f"13{chance.randrange(10**9):09d}",
        "address": f"北京市东城区{chance.choice(ROADS)}路{chance.randrange(1, 900)}号{chance.randrange(1, 60)}单元"
        f"{chance.randrange(101, 2900)}室", "allergy": told,
    }  # fmt: skip


def write_lines(path: Path, count: int) -> None:
    """Write the same clients as lines of JSON for the peers."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            line = {"id": str(new_id()), **fields_of(number)}
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_records(store: Store, org_id: Id, device_id: Id, count: int, start: int = 0) -> None:
    """Give a branch clients `start` to `start + count`, each with its own entry, as `count` commands would."""
    org, at = org_id.bytes, to_microseconds(utc_now())
    for first in range(start, start + count, _BATCH):
        with store.write() as connection:
            rows = Rows(connection)
            numbers = range(first, min(first + _BATCH, start + count))
            ids = [new_id() for _ in numbers]
            rows.load(("patient", one.bytes) for one in ids)
            for number, record_id in zip(numbers, ids, strict=True):
                fields = fields_of(number)
                rows.insert(shape_of("patient"), record_id.bytes, org, fields, 0)
                change = Change("patient", record_id.bytes, org, "ins", 0, fields, {})
                append_entry(
                    connection, txn_id=new_id(), device_id=device_id, at=at, for_sync=True, scopes=[org],
                    body=Body("people.register", None, "nurse", org, 1, [change]),
                )  # fmt: skip
            rows.flush()
