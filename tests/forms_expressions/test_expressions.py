from datetime import date
from decimal import Decimal

import pytest

from forms.expressions.syntax import ExpressionError
from forms.values import Coding, Quantity, Temporal

PATIENT = {
    "resourceType": "Patient",
    "birthDate": "1979-03-12",
    "name": [
        {"use": "official", "family": "林", "given": ["静", "姝"]},
        {"use": "nickname", "given": ["阿静"]},
    ],
    "extension": [{"url": "http://x/a", "valueCode": "F"}, {"url": "http://x/b", "valueDecimal": 1.5}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Precedence: FHIRPath N1, 6.8.
        ("1 + 2 * 3", [7]),
        ("(1 + 2) * 3", [9]),
        ("-1.abs()", [-1]),
        ("(-1).abs()", [1]),
        ("2 * 3 = 6 and 1 < 2", [True]),
        ("true or false and false", [True]),
        ("1 | 2 | 1 = 1", [False]),
        ("'a' & {} & 'b'", ["ab"]),
        ("'a' + {}", []),
        # Numbers.
        ("7 / 2", [Decimal("3.5")]),
        ("1 / 0", []),
        ("7 div 2", [3]),
        ("-7 div 2", [-3]),
        ("7 mod 2", [1]),
        ("(0.1 + 0.2) = 0.3", [True]),
        ("2.5.round()", [3]),
        ("3.14159.round(2)", [Decimal("3.14")]),
        ("2.power(10)", [1024]),
        ("(-4).sqrt()", []),
        ("0.ln()", []),
        ("1.9.truncate()", [1]),
        ("(-1.1).floor()", [-2]),
        ("1.1.ceiling()", [2]),
        ("100.log(10).round(9)", [2]),
        ("(1|2|3).sum()", [6]),
        ("{}.sum()", [0]),
        ("(1|2|4).avg().round(3)", [Decimal("2.333")]),
        ("(3|1|2).max()", [3]),
        ("(3|1|2).min()", [1]),
        # Three values: 6.5.
        ("true and {}", []),
        ("false and {}", [False]),
        ("true or {}", [True]),
        ("false or {}", []),
        ("{} xor true", []),
        ("true xor false", [True]),
        ("false implies {}", [True]),
        ("{} implies true", [True]),
        ("{} implies false", []),
        ("true implies false", [False]),
        ("{} = 1", []),
        ("({} = 1).not()", []),
        ("{} ~ {}", [True]),
        ("(1 | 2) = (1 | 2)", [True]),
        ("(1 | 2) = (2 | 1)", [False]),
        ("(1 | 2) ~ (2 | 1)", [True]),
        ("(1 | 2) = 1", [False]),
        ("'Ab  C' ~ 'ab c'", [True]),
        ("1.01 ~ 1.0", [True]),
        ("1 = true", [False]),
        ("1 != 2", [True]),
        ("2 in (1 | 2)", [True]),
        ("(1 | 2) contains 3", [False]),
        ("{} in (1 | 2)", []),
        # Texts.
        ("'数据库'.length()", [3]),
        ("'abcde'.substring(1, 3)", ["bcd"]),
        ("'abc'.substring(5)", []),
        ("'a,b'.split(',')", ["a", "b"]),
        ("('a' | 'b').join('-')", ["a-b"]),
        ("'abc'.matches('^a.c$')", [True]),
        ("'2026-11'.replaceMatches('([0-9]+)-([0-9]+)', '$2/$1')", ["11/2026"]),
        ("'aXbX'.replace('X', '')", ["ab"]),
        ("'\\u4e2d\\'\\n'", ["中'\n"]),
        ("'abc'.toChars().count()", [3]),
        ("' a '.trim().upper()", ["A"]),
        ("'abc'.indexOf('c')", [2]),
        # Turning.
        ("'12'.toInteger() + 1", [13]),
        ("'1.5'.toInteger()", []),
        ("'1.50'.toDecimal().toString()", ["1.50"]),
        ("'1e5'.toDecimal()", []),
        ("'y'.toBoolean()", [True]),
        ("true.toInteger()", [1]),
        ("true.toString()", ["true"]),
        ("'2026-11-29'.toDate()", [date(2026, 11, 29)]),
        ("'2026-02-30'.toDate()", []),
        # Dates: partial precision leaves it open (6.1.1, 6.2).
        ("@2026-11-29 > @2026-11-28", [True]),
        ("@2026-11 = @2026-11-29", []),
        ("@2026-10 < @2026-11-29", [True]),
        ("@2026-11-29T10:00:00+08:00 = @2026-11-29T02:00:00Z", [True]),
        ("@T09:30 < @T10:00", [True]),
        ("@2024-02-29 - 1 year", [date(2023, 2, 28)]),
        ("@2026-01-31 + 1 month", [date(2026, 2, 28)]),
        ("@2026-11-29 + 3 days", [date(2026, 12, 2)]),
        ("@2026-11 + 1 month", [Temporal("date", "2026-12")]),
        ("@2026-11-29T23:30:00Z + 1 hour", [Temporal("dateTime", "2026-11-30T00:30:00Z")]),
        ("today() = @2026-11-29", [True]),
        ("now() > @2026-11-29T00:00:00+08:00", [True]),
        # Quantities: nothing is converted.
        ("5 'mg' + 3 'mg'", [Quantity(Decimal(8), "mg", "mg")]),
        ("5 'mg' < 6 'g'", []),
        ("5 'mg' = 5 'mg'", [True]),
        ("5 'mg' * 2", [Quantity(Decimal(10), "mg", "mg")]),
        # Choosing.
        ("iif(true, 'a', 'b')", ["a"]),
        ("iif({}, 'a')", []),
        ("(1 | 2 | 3)[1]", [2]),
        ("(1 | 2 | 3)[9]", []),
        ("(1 | 2 | 3).tail().first()", [2]),
        ("(1 | 2 | 3).where($this > 1)", [2, 3]),
        ("(5 | 6).select($index)", [0, 1]),
        ("(1 | 2).select($this * 10)", [10, 20]),
        ("(1 | 2).all($this > 0)", [True]),
        ("{}.all($this > 0)", [True]),
        ("(1 | 2).exists($this = 2)", [True]),
        ("1.combine(1).count()", [2]),
        ("(1 | 2 | 3).exclude(2)", [1, 3]),
        ("(1 | 2).intersect(2 | 3)", [2]),
        ("(1 | 2).subsetOf(1 | 2 | 3)", [True]),
        ("1.is(Integer)", [True]),
        ("1 is Decimal", [False]),
        ("('a' | 1).ofType(String)", ["a"]),
        ("1 // a remark\n + /* another */ 1", [2]),
        # Left to the library.
        ("(1 | 2 | 3).aggregate($total + $this, 0)", [6]),
        ("'1'.convertsToInteger()", [True]),
    ],
)
def test_worked_examples(run, text, expected):
    found = run(text)
    assert found == expected
    assert [type(value) is bool for value in found] == [type(value) is bool for value in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name.given", ["静", "姝", "阿静"]),
        ("Patient.name.where(use = 'official').family", ["林"]),
        ("name.first().given.join('')", ["静姝"]),
        ("extension('http://x/b').value", [Decimal("1.5")]),
        ("birthDate <= today() - 18 years", [True]),
        ("name.select(use & '/' & given.first())", ["official/静", "nickname/阿静"]),
        ("descendants().where($this = '静').count()", [1]),
        ("nothing.at.all", []),
        ("name.repeat(given)", ["静", "姝", "阿静"]),
        ("name.all(given.exists())", [True]),
    ],
)
def test_plain_resources_are_walked(run, text, expected):
    assert run(text, PATIENT) == expected


def test_codings_meet_their_json(run):
    coding = Coding("x", "http://s", "甲")
    assert run("%a = %b", a=[coding], b=[{"system": "http://s", "code": "x", "display": "甲"}]) == [True]
    assert run("%a ~ %b", a=[coding], b=[{"system": "http://s", "code": "x", "display": "乙"}]) == [True]
    assert run("%a.code & %a.display", a=[coding]) == ["x甲"]
    assert run("%a.weight()", a=[Coding("x", score=Decimal(3))]) == [3]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unexpected the end"),
        ("1 +", "unexpected the end"),
        ("a b", "unexpected 'b'"),
        ("a.where(", "unexpected the end"),
        ("f(1,)", "unexpected"),
        ("'open", "not understood"),
        ("@2026-13", "no date or time"),
        ("#", "not understood"),
        ("a.nosuch()", "no such function: nosuch()"),
        ("a.where()", "where() does not take 0 arguments"),
        ("memberOf('http://v')", "no such function"),
        ("a.aggregate($total & $this.replace('a', 'b'))", "replace() beside aggregate()"),
        ("%unknown + 1", "%unknown is not known"),
        ("(1 | 2) + 1", "needs one value"),
        ("'a' < 1", "no order between"),
        ("'a' - 1", "not defined"),
        ("'a'.matches('(')", "not a regular expression"),
    ],
)
def test_what_is_wrong_is_named(run, text, reason):
    with pytest.raises(ExpressionError) as caught:
        run(text)
    assert reason in caught.value.reason
