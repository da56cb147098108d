"""An aECG file is drawn in millivolts with its leads and says whose it is; one that contradicts itself is refused."""

import pytest

from domain.checkup.attachments import kind_of
from domain.kernel.errors import DomainError
from forms.imaging.aecg import Aecg
from forms.imaging.shapes import AECG, Asked
from forms.imaging.worker import Opened

LEADS = ("MDC_ECG_LEAD_I", "MDC_ECG_LEAD_AVR", "MDC_ECG_LEAD_V1")


def sequence(code, value):
    return f'<component><sequence><code code="{code}"/>{value}</sequence></component>'


def lead(code, digits, scale="5", unit="uV"):
    body = f'<origin value="0" unit="{unit}"/><scale value="{scale}" unit="{unit}"/><digits>{digits}</digits>'
    return sequence(code, f'<value xsi:type="SLIST_PQ">{body}</value>')


TIME = sequence(
    "TIME_ABSOLUTE",
    '<value xsi:type="GLIST_TS"><head value="20261123090000"/><increment value="0.002" unit="s"/></value>',
)
PERSON = (
    "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
    '<id root="1.2" extension="P1010001"/><subjectDemographicPerson><name>王建国</name>'
    '<administrativeGenderCode code="M"/><birthTime value="19690412"/></subjectDemographicPerson>'
    "</trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>"
)


def file(*sets, start="<AnnotatedECG"):
    series = "".join(f"<component><sequenceSet>{one}</sequenceSet></component>" for one in sets)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{start} xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.3"/>'
        '<effectiveTime><low value="20261123090000"/></effectiveTime>'
        f"{PERSON}<component><series>{series}</series></component></AnnotatedECG>"
    ).encode()


GOOD = file(TIME + "".join(lead(code, "0 200 -100 40") for code in LEADS), TIME + lead(LEADS[0], "1 2"))


def test_the_rhythm_with_most_leads_is_read_in_millivolts_and_says_whose_it_is():
    told = Opened().answer(Asked(media_type=AECG, content=GOOD))
    assert told.problem == ""
    assert [one.name for one in told.waveform.leads] == ["I", "aVR", "V1"]
    assert told.waveform.leads[0].values == pytest.approx((0.0, 1.0, -0.5, 0.2))
    assert told.waveform.rate == pytest.approx(500)
    facts = told.facts
    assert (facts.patient_id, facts.patient_name, facts.sex) == ("P1010001", "王建国", "M")
    assert (facts.birth_date, facts.study_date) == ("19690412", "20261123")
    assert kind_of(GOOD[:1024]).media_type == AECG


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html/>", "imaging.broken"),
        (GOOD[:-40], "imaging.broken"),
        (file(), "imaging.no_picture"),
        (file(lead(LEADS[0], "1 2")), "imaging.broken"),  # no time
        (file(TIME + lead(LEADS[0], "1 2") + lead(LEADS[1], "1 2 3")), "imaging.broken"),
        (file(TIME + lead(LEADS[0], "1 x")), "imaging.broken"),
        (
            file(TIME + lead(LEADS[0], "1 2", unit="mm")),
            "imaging.broken",
        ),  # a unit that is no voltage gives no number
        (file(TIME.replace("0.002", "0") + lead(LEADS[0], "1 2")), "imaging.broken"),
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">]>' + GOOD.partition(b"?>")[2],
            "imaging.broken",
        ),
    ],
)
def test_what_is_no_whole_recording_gives_a_reason_and_no_curve(content, code):
    with pytest.raises(DomainError) as found:
        Aecg(content).waveform()
    assert found.value.code == code
