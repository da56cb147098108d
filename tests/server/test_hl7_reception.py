"""What the listener keeps, what it answers, and how kept messages are applied: once, and none lost."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.checkup.records import Attachment, CriticalValue, Observation, Visit
from domain.kernel.clock import ManualClock
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.records import Patient
from server.interfaces.hl7.message import parse_message
from server.interfaces.listening import Ear
from server.settings import Settings

PDF = "JVBERi0xLjQK"


def oru(
    control_id="M1", *results, facility="B01", visit="V0001", name="王^小明", processing="P", birth="19851212"
):
    lines = results or ("NM|718-7^血红蛋白^LN||128|g/L|115-150|N|||F|||20261123082000",)
    return "\r".join([
        f"MSH|^~\\&|LIS|{facility}|AFTERCHECK|HQ|20261123083000||ORU^R01^ORU_R01|{control_id}|{processing}|2.5.1"
        "||||||UNICODE UTF-8",
        f"PID|1||R1^^^HIS^MR~440306198512120042^^^GA^NI||{name}||{birth}|F|||||13800000000^PRN^CP",
        f"ORC|RE|{visit}", f"OBR|1|{visit}|L1|TJ^体检检验^99LIS|||20261123080000|||||||||||||||20261123083000||LAB|F",
        *(f"OBX|{number}|{line}" for number, line in enumerate(lines, 1)),
    ]).encode() + b"\r"  # fmt: skip


@pytest.fixture
def ear(home, monkeypatch):
    made = Ear(Settings(data_dir=home), consume=True)
    clock = ManualClock(made.clock())
    made.consumer._dispatcher.clock = clock
    made.moved = clock
    yield made
    made.close()


def take(ear, data):
    verdict = ear.reception.judge(data)
    if verdict.arrival:
        ear.inbox.keep([verdict.arrival])
    return verdict


def said(answer):
    found = parse_message(answer)
    error = found.first("ERR")
    return found.first("MSA").text(1), error.text(5) if error else "", error.text(8) if error else ""


def rows(ear, kind):
    with ear.store.read() as connection:
        return connection.execute(select(kind.__table__)).all()


def test_a_message_is_kept_before_it_is_accepted_and_then_applied(ear):
    verdict = take(ear, oru())
    assert said(verdict.answer) == ("AA", "", "")
    assert rows(ear, Observation) == []
    assert ear.consumer.step() == 1
    (result,) = rows(ear, Observation)
    assert (result.item, result.value_text, result.ucum, result.flag) == ("hgb", "128", "g/L", "N")
    (patient,) = rows(ear, Patient)
    assert (patient.name, patient.id_number, patient.phone) == ("王小明", "440306198512120042", "13800000000")
    assert rows(ear, Visit)[0].org_id == patient.org_id
    assert ear.consumer.step() == 0


@pytest.mark.parametrize(
    ("change", "code", "reason", "words"),
    [
        ({"facility": "B99"}, "AE", "interface.unknown_facility", "B99"),
        ({"processing": "T"}, "AR", "hl7.not_production", "测试"),
        ({"visit": ""}, "AE", "interface.visit_number_missing", "体检号"),
        ({"name": ""}, "AE", "interface.name_missing", "姓名"),
        ({"birth": "19851312"}, "AE", "hl7.bad_time", "PID"),
        ({"visit": "V" * 41}, "AE", "input.too_long", "体检号"),
    ],
)
def test_what_cannot_be_kept_is_answered_with_the_reason(ear, change, code, reason, words):
    verdict = take(ear, oru(**change))
    found = said(verdict.answer)
    assert found[:2] == (code, reason)
    assert words in found[2]
    assert verdict.refused == reason
    assert ear.inbox.status(0).by_state == {}


@pytest.mark.parametrize("data", [b"", b"PID|1\r", b"MSH|^~\\&|LIS", oru()[:200], b"\xff\xfe" * 50])
def test_what_is_no_message_is_answered_with_an_error(ear, data):
    assert said(take(ear, data).answer)[0] == "AE"


def test_the_same_message_gets_the_same_answer_and_does_nothing(ear):
    first = take(ear, oru()).answer
    ear.consumer.step()
    again = take(ear, oru().replace(b"20261123083000||ORU", b"20261123093000||ORU"))
    assert (again.answer, again.arrival) == (first, None)
    assert ear.consumer.step() == 0
    assert len(rows(ear, Observation)) == 1


def test_a_number_used_again_for_something_else_is_refused(ear):
    take(ear, oru())
    other = take(ear, oru("M1", "NM|718-7^血红蛋白^LN||88|g/L||L|||F"))
    assert said(other.answer)[:2] == ("AE", "interface.control_id_reused")


def test_results_in_another_unit_are_kept_in_ours_with_what_was_sent(ear):
    take(
        ear, oru("M1", "NM|glu^葡萄糖^99LIS||100|mg/dL|70-110||||F", "ST|2345-7^Glucose^LN||<20|mg/dL|||||F")
    )
    ear.consumer.step()
    found = [(r.value_text, r.ucum, r.raw) for r in rows(ear, Observation)]
    assert found == [("5.55", "mmol/L", b"100 mg/dL"), ("<1.11", "mmol/L", b"<20 mg/dL")]


def test_nothing_is_dropped_what_is_unknown_or_withdrawn_waits_for_a_person(ear):
    take(ear, oru("M1", "NM|zz9^怪项目^99LIS||7|IU|||||F", "NM|718-7^血红蛋白^LN||128|g/L|||||W"))
    ear.consumer.step()
    unknown, withdrawn = rows(ear, Observation)
    assert (unknown.status, unknown.value_text) == ("pending_check", "7 IU")
    assert "zz9" in unknown.reason
    assert (withdrawn.status, withdrawn.value_text) == ("pending_check", "128 g/L")
    assert "撤销" in withdrawn.reason


def test_a_critical_value_is_opened_with_its_result(ear):
    take(ear, oru("M1", "NM|2823-3^钾^LN||7.1|mmol/L|3.5-5.3|HH|||F"))
    ear.consumer.step()
    assert [c.value_text for c in rows(ear, CriticalValue)] == ["7.1 mmol/L"]


def test_a_document_in_a_message_becomes_an_attachment_of_the_visit(ear):
    document = f"ED|PDF^报告^99LIS||^application^pdf^Base64^{PDF}||||||F"
    take(ear, oru("M1", "NM|718-7^血红蛋白^LN||128|g/L|||||F", document))
    ear.consumer.step()
    (attachment,) = rows(ear, Attachment)
    assert (attachment.media_type, attachment.name) == ("application/pdf", "报告")
    assert attachment.subject_id == rows(ear, Visit)[0].id


def test_a_message_applied_just_before_a_crash_is_not_applied_again(ear, monkeypatch):
    take(
        ear,
        oru(
            "M1",
            "NM|718-7^血红蛋白^LN||128|g/L|||||F",
            f"ED|PDF^报告^99LIS||^application^pdf^Base64^{PDF}||||||F",
        ),
    )
    killed = raising(UnavailableError("server.file_unavailable"))
    with monkeypatch.context() as patch:
        patch.setattr(ear.inbox, "finish", killed)
        with pytest.raises(UnavailableError):
            ear.consumer.step()
    assert (len(rows(ear, Observation)), len(rows(ear, Attachment))) == (1, 1)
    head = len(log(ear))
    assert ear.consumer.step() == 1
    assert (len(rows(ear, Observation)), len(rows(ear, Attachment)), len(log(ear))) == (1, 1, head)
    assert ear.inbox.status(0).by_state == {"done": 1}


def test_a_message_parked_for_checking_just_before_a_crash_is_not_parked_twice(ear, monkeypatch):
    take(ear, oru("M1"))
    ear.consumer.step()
    take(ear, oru("M2", "NM|718-7^血红蛋白^LN||99|g/L|||||F", name="张^三"))
    with monkeypatch.context() as patch:
        patch.setattr(ear.inbox, "finish", raising(UnavailableError("server.file_unavailable")))
        with pytest.raises(UnavailableError):
            ear.consumer.step()
    assert ear.consumer.step() == 1
    assert [(r.value_text, r.status, r.visit_id is None) for r in rows(ear, Observation)] == [
        ("128", "F", False),
        ("99", "identity_pending", True),
    ]


def test_of_two_connections_that_send_one_message_the_first_is_kept(ear):
    first, second = ear.reception.judge(oru()), ear.reception.judge(oru())
    assert ear.inbox.keep([first.arrival, second.arrival]) == [True, False]
    assert ear.inbox.find("LIS|B01", "M1").ack == first.answer != second.answer
    assert ear.inbox.status(0).by_state == {"waiting": 1}


def test_two_connections_at_once_get_the_same_answer_and_other_content_is_refused(ear):
    other = oru("M2", "NM|718-7^血红蛋白^LN||88|g/L||L|||F")

    async def together():
        commits = asyncio.create_task(ear.listener._commit())
        same = await asyncio.gather(*(ear.listener.answer(oru()) for _ in range(2)))
        differing = await asyncio.gather(*(ear.listener.answer(m) for m in (oru("M2"), other)))
        commits.cancel()
        return same, differing

    same, differing = asyncio.run(asyncio.wait_for(together(), 20))
    assert same[0] == same[1]
    assert sorted(said(a)[0] for a in differing) == ["AA", "AE"]


def raising(error):
    def fail(*_args, **_options):
        raise error

    return fail


def log(ear):
    with ear.store.read() as connection:
        return connection.exec_driver_sql("SELECT position FROM change_log").all()


def test_a_poisoned_message_is_parked_after_five_tries_while_others_go_on(ear, monkeypatch):
    take(ear, oru("M1", visit="V0001"))
    take(ear, oru("M2", visit="V0002"))
    run = ear.consumer._dispatcher.run

    def poisoned(order, actor, **options):
        if getattr(order, "visit_number", "") == "V0001":
            raise DomainError("checkup.value_implausible")
        return run(order, actor, **options)

    monkeypatch.setattr(ear.consumer._dispatcher, "run", poisoned)
    assert ear.consumer.step() == 1
    assert [v.number for v in rows(ear, Visit)] == ["V0002"]
    for tries in range(1, 5):
        assert ear.consumer.step() == 0
        assert ear.inbox.status(0).by_state == {"done": 1, "waiting": 1}, tries
        ear.moved.advance(timedelta(seconds=2**tries))
        ear.consumer.step()
    assert ear.inbox.status(0).by_state == {"done": 1, "parked": 1}
    ear.moved.advance(timedelta(days=1))
    assert ear.consumer.step() == 0
    monkeypatch.undo()
    assert ear.inbox.release_parked() == 1
    assert ear.consumer.step() == 1
    assert {v.number for v in rows(ear, Visit)} == {"V0001", "V0002"}


def test_a_missing_store_is_nobodys_fault_and_only_delays(ear, monkeypatch):
    take(ear, oru())
    down = raising(UnavailableError("store.unreachable"))
    with monkeypatch.context() as patch:
        patch.setattr(ear.consumer._dispatcher, "run", down)
        for _ in range(7):
            with pytest.raises(UnavailableError):
                ear.consumer.step()
    assert ear.consumer.step() == 1
    assert len(rows(ear, Observation)) == 1


def test_messages_are_forgotten_a_week_after_they_were_applied(ear):
    take(ear, oru())
    ear.consumer.step()
    now = int(ear.moved().timestamp() * 1e6)
    day = 86_400_000_000
    assert ear.inbox.purge(now + 6 * day) == 0
    assert ear.inbox.purge(now + 8 * day) == 1


def test_only_one_process_applies_a_queue(ear):
    with pytest.raises(DomainError, match=r"interface\.consumer_running"):
        Ear(ear.settings, consume=True)
