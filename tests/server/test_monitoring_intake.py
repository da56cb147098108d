"""Clients' devices: paired on the phone, signing what they send, kept once, seen at the desk and on the phone."""

import json
import re
import secrets
from datetime import timedelta

import pytest
import requests

from domain.care.exercise_records import ExerciseEntry
from domain.care.item_commands import AddItem
from domain.care.monitored_records import MonitoredValue
from domain.care.plan_commands import SignPlan, StartPlan
from domain.care.records import CareEvent, CareKind
from domain.checkup.records import CriticalValue, Observation
from domain.kernel.clock import clinic
from domain.monitoring.commands import UnpairMonitor
from domain.monitoring.records import MonitorDevice
from server.monitoring import signature_of
from tests.fixtures.patience import until
from tests.monitoring.test_exports import APPLE, zipped
from tests.server.test_portal import WeChat, bound, rows, server, vendors  # noqa: F401


@pytest.fixture
def phone(server, vendors):  # noqa: F811
    return lambda: WeChat(server, vendors, f"o{secrets.token_hex(6)}")


class Meter:
    """The program beside a device, as its maker would write it from the page's three lines."""

    def __init__(self, wechat, kind="pressure", name="欧姆龙 J735"):
        page = wechat.post("/devices", m="", kind=kind, name=name)
        assert page.status_code == 200, page.text
        self.url = f"{wechat.server.api.url}/monitor/v1/readings"
        self.clock = wechat.server.clock
        self.id, self.key = (re.search(f'id="{what}">([^<]+)<', page.text)[1] for what in ("device", "key"))
        self.http = requests.Session()
        self.http.trust_env = False

    def send(self, body=None, *, nonce=None, ahead=0, key=None, tamper=b"", **parts):
        raw = json.dumps(parts).encode() if body is None else body
        at, nonce = str(int(self.clock().timestamp()) + ahead), nonce or secrets.token_hex(12)
        head = {
            "X-Monitor-Device": self.id, "X-Monitor-Time": at, "X-Monitor-Nonce": nonce,
            "X-Monitor-Signature": signature_of(key or self.key, self.id, at, nonce, raw),
        }  # fmt: skip
        return self.http.post(self.url, data=raw + tamper, headers=head)

    def reading(self, item, value, unit, hours=1.0):
        at = self.clock() - timedelta(hours=hours)
        return {"item": item, "value": value, "unit": unit, "at": at.isoformat()}


def planned(server, patient, *items):  # noqa: F811
    ends = clinic(server.clock()).date() + timedelta(days=60)
    plan = server.as_system(StartPlan(patient_id=patient, name="居家监测", ends_on=ends))
    made = [server.as_system(AddItem(care_plan_id=plan, **item)) for item in items]
    server.as_system(SignPlan(care_plan_id=plan))
    return made


def test_a_meter_is_paired_sends_by_itself_and_both_sides_see_it(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周血压")
    [item] = planned(server, patient, {
        "kind": CareKind.MONITORING, "label": "血压", "watched": "sbp", "times": "07:00",
    })  # fmt: skip
    meter = Meter(wechat)
    answer = meter.send(readings=[
        meter.reading("sbp", 166, "mm[Hg]"), meter.reading("dbp", 98, "mm[Hg]"), meter.reading("fpg", 126, "mg/dL"),
        meter.reading("ldl", 3.9, "mmol/L"), meter.reading("weight", 71.5, "kg"), meter.reading("waist", 92, "cm"),
    ])  # fmt: skip
    assert answer.json() == {"kept": 6, "known": 0, "refused": []}
    kept = {row.item: row for row in rows(server, Observation, patient_id=patient)}
    assert {item: row.value_text for item, row in kept.items()} == {
        "sbp": "166", "dbp": "98", "fpg": "6.99", "ldl": "3.90", "weight": "71.5", "waist": "92.0",
    }  # fmt: skip
    assert {(str(r.source), r.device) for r in kept.values()} == {("device", "欧姆龙 J735")}
    until(lambda: rows(server, MonitoredValue, patient_id=patient))
    [watched] = rows(server, MonitoredValue, patient_id=patient)
    assert watched.outside, "the alert of the plan watches this row"
    until(lambda: rows(server, CareEvent, item_id=item))
    assert meter.send(readings=[meter.reading("sbp", 131, "mm[Hg]", hours=24 * 9)]).json()["kept"] == 1
    page = wechat.get("/trends").text
    for said in ("收缩压", "<svg", "166"):
        assert said in page
    assert "最近上传" in wechat.get("/devices").text


def test_sent_twice_or_by_two_programs_it_is_kept_once(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周两遍")
    meter, other = Meter(wechat), Meter(wechat, "watch", "华为手表")
    one = meter.reading("sbp", 131, "mm[Hg]")
    assert meter.send(readings=[one, one]).json() == {"kept": 1, "known": 1, "refused": []}
    assert meter.send(readings=[one]).json()["known"] == 1, "its answer was lost, so it sends again"
    assert other.send(readings=[one]).json()["known"] == 1
    assert len(rows(server, Observation, patient_id=patient)) == 1


def test_nothing_is_taken_that_is_not_signed_now_and_once(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周签名")
    meter = Meter(wechat)
    one = [meter.reading("sbp", 131, "mm[Hg]")]
    nonce = secrets.token_hex(12)
    assert meter.send(readings=one, nonce=nonce).status_code == 200
    replayed = meter.send(readings=one, nonce=nonce)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "auth.replayed")
    refusals = {
        "auth.monitor_signature": [
            meter.send(readings=one, key="00" * 32), meter.send(readings=one, tamper=b" "),
            meter.send(readings=one, nonce="short"),
        ],
        "auth.monitor_clock": [meter.send(readings=one, ahead=-700), meter.send(readings=one, ahead=700)],
        "auth.monitor_unsigned": [meter.http.post(meter.url, json={"readings": one})],
    }  # fmt: skip
    for code, answers in refusals.items():
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(401, code)}
    for body in (b"", b"[1]", b'{"readings":[{"item":"sbp"}]}', b'{"other":1}', b"\xff"):
        assert meter.send(body).json()["code"] == "monitor.bad_body"
    naive = {"item": "sbp", "value": 120, "unit": "mm[Hg]", "at": "2026-11-30T08:00:00"}
    assert meter.send(readings=[naive]).json()["code"] == "monitor.no_zone"
    assert meter.send(b"x" * 600_000).status_code == 413
    assert len(rows(server, Observation, patient_id=patient)) == 1

    [device] = rows(server, MonitorDevice, patient_id=patient)
    server.as_system(UnpairMonitor(monitor_device_id=device.id, reason="借给别人"))
    gone = meter.send(readings=[meter.reading("dbp", 80, "mm[Hg]")])
    assert (gone.status_code, gone.json()["code"]) == (401, "auth.monitor_over")
    assert len(rows(server, Observation, patient_id=patient)) == 1


def test_a_bad_value_is_told_by_its_place_and_keeps_nothing_else_out(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周坏值")
    meter = Meter(wechat)
    sent = [
        meter.reading("sbp", 900, "mm[Hg]"), meter.reading("nothing", 1, "x"), meter.reading("weight", 70, "mm[Hg]"),
        meter.reading("sbp", 130, "mm[Hg]", hours=-2), meter.reading("sbp", 130, "mm[Hg]", hours=24 * 40),
        meter.reading("dbp", 82, "mm[Hg]"),
    ]  # fmt: skip
    done = meter.send(readings=sent).json()
    assert (done["kept"], [one["at"] for one in done["refused"]]) == (1, [0, 1, 2, 3, 4])
    assert all(re.search("[一-鿿]", one["text"]) for one in done["refused"])
    assert [row.item for row in rows(server, Observation, patient_id=patient)] == ["dbp"]


def test_a_critical_value_of_now_calls_and_one_of_last_week_does_not(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周低糖")
    meter = Meter(wechat, "glucose", "血糖仪")
    assert meter.send(readings=[meter.reading("glu", 2.1, "mmol/L", hours=24 * 7)]).json()["kept"] == 1
    assert rows(server, CriticalValue, patient_id=patient) == []
    assert meter.send(readings=[meter.reading("glu", 2.1, "mmol/L")]).json()["kept"] == 1
    assert len(rows(server, CriticalValue, patient_id=patient)) == 1


def test_bouts_of_a_watch_are_the_diary_and_the_day_is_told_as_it_goes(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周手环")
    [item] = planned(server, patient, {
        "kind": CareKind.EXERCISE, "label": "快走", "target_value": 30, "target_unit": "min", "times": "07:00",
    })  # fmt: skip
    wechat.get("/exercise")
    assert "已消耗 0 千卡" in wechat.text()
    watch = Meter(wechat, "watch", "小米手环 9")
    now = server.clock()
    bout = {"activity": "快走", "minutes": 20, "kcal": 95.5, "heart_rate": 118, "at": now.isoformat()}
    assert watch.send(bouts=[bout]).json() == {"kept": 1, "known": 0, "refused": []}
    wechat.get("/exercise")
    for said in ("已运动 20 分钟，处方 30 分钟，还差 10 分钟", "已消耗 96 千卡", "1 次来自设备"):
        assert said in wechat.text(), wechat.text()
    more = [
        {"activity": "太极", "minutes": 10, "kcal": 40, "at": (now - timedelta(seconds=30)).isoformat()},
        {"activity": "快走", "minutes": 5, "kcal": 20, "at": (now - timedelta(seconds=60)).isoformat()},
    ]
    assert watch.send(bouts=[bout, *more]).json() == {"kept": 2, "known": 1, "refused": []}
    wechat.get("/exercise")
    assert "已运动 35 分钟，处方 30 分钟，还差 0 分钟" in wechat.text()
    assert "已消耗 156 千卡" in wechat.text()
    assert {row.item_id for row in rows(server, ExerciseEntry, patient_id=patient)} == {item}
    events = sorted(rows(server, CareEvent, item_id=item), key=lambda row: row.value)
    assert [(str(e.outcome), e.value) for e in events] == [("part", 20), ("done", 30), ("done", 35)]
    refused = watch.send(
        bouts=[{**bout, "activity": "飞行"}, {**bout, "minutes": 0.2, "activity": "慢跑"}]
    ).json()
    assert [one["code"] for one in refused["refused"]] == ["care.no_activity_named", "care.bad_minutes"]


def test_a_file_of_the_phone_is_brought_in_once(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周导入")
    at = server.clock() - timedelta(days=2)
    fresh = APPLE.replace("2026-11-29", f"{at:%Y-%m-%d}").replace("2026-11-28", f"{at:%Y-%m-%d}")
    body = zipped(**{"apple_health_export__export.xml": fresh})

    def bring(content, name="export.zip"):
        files = {"file": (name, content)}
        wechat.last = wechat.http.post(f"{wechat.base}/devices/file", data={"m": ""}, files=files)
        return wechat.last

    assert bring(body).status_code == 200
    for said in ("新存 5 条，以前已有 0 条", "29 天以前的 1 条不导入", "读不懂 1 条", "格式还没有核定"):
        assert said in wechat.text()
    assert "新存 0 条，以前已有 5 条" in bring(body).text
    assert {r.device for r in rows(server, Observation, patient_id=patient)} == {"苹果“健康”（格式待核定）"}
    assert bring(b"\x00\x01", "x.jpg").status_code == 422
    assert "认不出文件" in wechat.text()
    assert bring(b"", "x.xml").status_code == 422
    stranger, other = bound(server, phone, "周旁导")
    assert rows(server, Observation, patient_id=other) == []
    assert "最近上传" not in stranger.get("/devices").text


def test_a_device_is_ended_by_whom_it_belongs_to_alone(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周解除")
    stranger, _ = bound(server, phone, "周别人")
    Meter(wechat)
    [device] = rows(server, MonitorDevice, patient_id=patient)
    assert stranger.post("/devices/end", m="", device=device.id.hex).status_code == 422
    assert rows(server, MonitorDevice, id=device.id)[0].unpaired_at is None
    assert wechat.post("/devices/end", m="", device=device.id.hex).status_code == 303
    assert "还没有配对设备" in wechat.get("/devices").text
    assert wechat.post("/devices", m="", kind="pressure", name=" ").status_code == 422
    assert wechat.post("/devices", m="", kind="plane", name="x").status_code == 422
    for number in range(10):
        assert wechat.post("/devices", m="", kind="other", name=f"设备{number}").status_code == 200
    assert "最多同时配对 10 台" in wechat.post("/devices", m="", kind="other", name="多了").text
