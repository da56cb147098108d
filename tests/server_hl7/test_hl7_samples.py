"""The generator of invented people and their messages."""

from collections import Counter
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from hl7_cases import CLINIC, catalog

from domain.checkup.judge import judge
from domain.people.idnumber import read_id
from resources import folder
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results
from server.interfaces.hl7.population import load_samples, population, survey_population
from server.interfaces.hl7.samples import result_message

SURVEY = Path(__file__).parents[3] / "shared/data/nhanes3-labs.csv"
TODAY = date(2026, 3, 14)
SAMPLED = datetime(2026, 3, 14, 8, tzinfo=CLINIC)


@cache
def data():
    return load_samples(folder("samples"))


def people(count, **options):
    return list(population(data(), catalog(), count, **{"seed": 7, "today": TODAY} | options))


def message_of(person, number=1):
    barcode, control = f"V{number:09d}", f"M{number}"
    return result_message(
        person,
        data(),
        catalog(),
        visit_barcode=barcode,
        facility="B01",
        control_id=control,
        sampled_at=SAMPLED,
    )


def back(raw):
    return read_results(parse_message(raw), catalog(), zone=CLINIC, now=SAMPLED)


def test_the_same_seed_gives_the_same_people_and_bytes():
    assert people(20) == people(20)
    assert [message_of(one) for one in people(5)] == [message_of(one) for one in people(5)]
    assert people(20) != people(20, seed=8)


def test_identity_numbers_are_valid_and_agree():
    for one in people(300):
        found = read_id(one.id_number, today=TODAY)
        assert (found.sex, found.birth_date) == (one.sex, one.birth_date)
        assert found.known_province
        assert 18 <= (TODAY - one.birth_date).days // 365.25 <= 89


def judged(person):
    item = catalog().observation
    values = {key: v for key, v in person.values.items() if not isinstance(v, str)}
    return [judge(item(key), value, person.sex, 45) for key, value in values.items()]


def test_most_results_are_usual_and_a_few_critical():
    crowd = people(600)
    flags = Counter(found.flag for one in crowd for found in judged(one))
    critical = sum(any(found.critical for found in judged(one)) for one in crowd)
    assert flags["N"] > 0.75 * sum(flags.values())
    assert 1 <= critical <= 0.05 * len(crowd)


def test_related_results_go_together():
    crowd = people(600, panel="full")

    def correlation(a, b):
        pairs = [(one.values[a], one.values[b]) for one in crowd if one.sex == "male"]
        xs, ys = zip(*pairs, strict=True)
        mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
        top = sum((x - mx) * (y - my) for x, y in pairs)
        return top / (sum((x - mx) ** 2 for x in xs) * sum((y - my) ** 2 for y in ys)) ** 0.5

    assert correlation("tc", "ldl") > 0.5
    assert correlation("alt", "ast") > 0.2
    assert correlation("hdl", "tg") < 0
    assert abs(correlation("k", "tsh")) < 0.15


@pytest.mark.parametrize("panel", ["basic", "full"])
def test_messages_read_back_whole(panel):
    charsets = set()
    for number, one in enumerate(people(120, panel=panel)):
        found = back(message_of(one, number))
        charsets.add(found.header.charset)
        assert (found.patient.name, found.patient.id_number) == (one.name, one.id_number)
        assert found.visit_barcode == f"V{number:09d}"
        assert [obs.item for obs in found.observations] == list(one.values)
        assert [obs.unmatched for obs in found.observations if obs.unmatched] == []
        for obs in found.observations:
            value = one.values[obs.item]
            if not isinstance(value, str):
                decimals = catalog().observation(obs.item).decimals
                assert obs.number == pytest.approx(value, rel=0.03, abs=0.6 * 10**-decimals)
    assert charsets == {"utf-8", "gb18030"}


def test_ten_results_a_message_by_default():
    assert len(back(message_of(people(1)[0])).observations) == 10


@pytest.mark.skipif(not SURVEY.exists(), reason="the survey file is not on this machine")
def test_measured_results_of_real_adults():
    crowd = list(survey_population(data(), SURVEY, 300, seed=7, today=TODAY))
    assert len(crowd) == 300
    for number, one in enumerate(crowd):
        found = back(message_of(one, number))
        assert len(found.observations) == 10
        assert not any(obs.unmatched for obs in found.observations)


def test_a_survey_file_is_read_in_its_units(tmp_path):
    path = tmp_path / "labs.csv"
    path.write_text(
        "SEQN,HSSEX,albumin_gL,creat_umol,glucose_mmol,lncrp,lymph,mcv,rdw,alp,wbc,age,event,time\n"
        "1,1,45.0,85.5,4.7,0.0,25.0,90.4,13.0,74.0,6.0,35,0.0,240.0\n",
        encoding="utf-8",
    )
    [one] = survey_population(data(), path, 5, seed=1, today=TODAY)
    assert one.sex == "male"
    assert one.values["crp"] == 10.0
    assert one.values["lymph"] == 1.5
    assert one.values["glu"] == 4.7
