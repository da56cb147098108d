"""What the files under resources/risk declare: factors, models of every kind, diseases.

Status as everywhere: ``V`` read in the source and recomputed, ``P`` partly, ``UNVERIFIED`` from memory; what is not V
is shown as 待医师核定 until somebody with the right signs it. Lists of pairs stand as mappings, whose order counts.
"""

from typing import Literal, TypeAlias

import msgspec

from domain.catalog.definitions import Sex, Status

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
Number: TypeAlias = float | int
Plain: TypeAlias = float | int | str
Bands: TypeAlias = dict[str, Number]


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Alternative(_Declared, frozen=True, kw_only=True):
    """One way to compute a factor: `value` (of a choice: `text`) where `when` is true."""

    value: Plain = 0
    text: str = ""
    when: str | None = None


class FactorDefinition(_Declared, frozen=True, kw_only=True):
    """One thing the models ask about a person; see the head of factors/measured.yaml and asked.yaml.

    `unless` gives the value that follows from another factor without asking ("never smoked: 0 a day"). `lever`
    is what a person can change to where the ideal is out of reach ("former").
    """

    code: str
    label: str = ""
    tell: str = ""
    kind: Literal["number", "yes_no", "choice"] | None = None
    observation: str | None = None
    ask: bool = False
    unit: str = ""
    limits: tuple[float, float] | None = None
    options: dict[str, str] = {}
    computed: tuple[Alternative, ...] = ()
    unless: Alternative | None = None
    asks: tuple[str, ...] = ()
    default: str | None = None
    changeable: bool = False
    ideal: Plain | dict[Sex, Plain] | None = None
    lever: Plain | None = None
    better: Literal["lower", "higher"] | None = None
    group: str = ""
    valid_days: int | None = None


class FactorFile(_Declared, frozen=True, kw_only=True):
    """One file of factors."""

    factors: tuple[FactorDefinition, ...]


class Applies(_Declared, frozen=True, kw_only=True):
    """Whom a model is for: completed years, both ends included."""

    sex: Sex | None = None
    age_from: int | None = None
    age_to: int | None = None


class Exclusion(_Declared, frozen=True, kw_only=True):
    """Who is not assessed by a model; unknown counts as missing, never as no.

    Not `required`: a model that states what was measured (a stage, a cut) and no risk of an onset. It speaks also
    where it is not known whether the disease is there.
    """

    when: str
    status: Literal["already_diagnosed", "not_applicable"] = "not_applicable"
    text: str
    required: bool = True


class Band(_Declared, frozen=True, kw_only=True):
    """One step of the level: up to but without `below`, or up to and with `upto`; the last has neither."""

    level: Level
    label: str
    below: float | None = None
    upto: float | None = None


class Extra(_Declared, frozen=True, kw_only=True):
    """A further number of a model, over its inputs and ``value`` (points: also ``score``)."""

    label: str
    value: str | None = None
    table: Bands = {}
    unit: str = ""


class ModelDefinition(_Declared, frozen=True, kw_only=True, tag_field="kind"):
    """What every model says, whatever its arithmetic.

    `units` are the units its numbers are written for, `limits` the range it was made for (in those units), `ideal`
    its own ideal values; `fixed` factors are never varied. `bands_of` are the steps of a column that has its own;
    with `bands_on_score` they are of the score behind a risk. `bands_status` is ``suggested`` where the steps are
    this program's and not the source's; `unverified` names the parts to be signed by a physician.
    """

    id: str
    disease: str
    title: str
    version: str
    source: str
    status: Status
    unverified: tuple[str, ...] = ()
    checked: str = ""
    note: str = ""
    measure: str
    unit: str = ""
    horizon: float | None = None
    decimals: int = 1
    applies: Applies = Applies()
    excludes: tuple[Exclusion, ...] = ()
    units: dict[str, str] = {}
    limits: dict[str, tuple[float, float]] = {}
    ideal: dict[str, Plain] = {}
    fixed: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    bands_of: dict[str, tuple[Band, ...]] = {}
    bands_status: Literal["V", "P", "UNVERIFIED", "suggested"] = "V"
    bands_on_score: bool = False
    higher_is_better: bool = False
    relative: bool | None = None
    extras: tuple[Extra, ...] = ()
    columns: dict[str, str] = {}


class Hazards(ModelDefinition, frozen=True, kw_only=True, tag="hazards"):
    """100·(1 − S^exp(Σ coefficient·term − mean)); each term has one coefficient a column, 0 for none."""

    terms: dict[str, tuple[Number, ...]]
    mean: tuple[Number, ...]
    survival: tuple[Number, ...]


class Logistic(ModelDefinition, frozen=True, kw_only=True, tag="logistic"):
    """100 / (1 + e^−(constant + Σ coefficient·term))."""

    constant: tuple[Number, ...]
    terms: dict[str, tuple[Number, ...]]


class Multinomial(ModelDefinition, frozen=True, kw_only=True, tag="multinomial"):
    """Several outcomes beside none; `outcome` is the one that is told, the others are extras of their own name."""

    terms: dict[str, tuple[Number, ...]]
    outcomes: tuple[str, ...]
    outcome: str
    none_label: str


class Item(_Declared, frozen=True, kw_only=True):
    """One line of a score: bands over `of`, or points where it is met, or an expression; only where `when` holds."""

    label: str
    of: str = ""
    bands: Bands = {}
    met: Number | None = None
    unmet: Number = 0
    choices: dict[str, Number] = {}
    points: str = ""
    when: str = ""


class Points(ModelDefinition, frozen=True, kw_only=True, tag="points"):
    """A sum (or mean) of points; `risk` turns the score into a risk by a table of whole scores or an expression."""

    items: tuple[Item, ...]
    combine: Literal["sum", "mean"] = "sum"
    risk: str = ""
    tables: dict[str, dict[int, Number]] = {}
    outside: tuple[str, str] = ("", "")


class Formula(ModelDefinition, frozen=True, kw_only=True, tag="formula"):
    """One expression a column."""

    value: tuple[str, ...]


class Competing(ModelDefinition, frozen=True, kw_only=True, tag="competing"):
    """Absolute risk against the competing death, by steps of age: `relative_risk` is over the inputs.

    `incidence` and `death` are hazards a year of the steps of `step` years that begin at `first_age`; `attributable`
    gives 1 − AR from an age on. `until` are further looks ahead that are told beside: label and the age looked to.
    """

    relative_risk: str
    first_age: int
    step: int
    incidence: tuple[float, ...]
    death: tuple[float, ...]
    attributable: dict[int, float]
    until: dict[str, int] = {}


class Criterion(_Declared, frozen=True, kw_only=True):
    """One condition of a rule set: it counts, implies a level, or both.

    A `must` that is not met keeps the level under high; `unknown_counts` counts what is not known as met, because the
    rule says so.
    """

    label: str
    when: str
    level: Level | None = None
    counts: bool = True
    must: bool = False
    unknown_counts: bool = False


class Rules(ModelDefinition, frozen=True, kw_only=True, tag="rules"):
    """Criteria; the level is the highest that a met criterion implies or the count gives."""

    criteria: tuple[Criterion, ...]


Model: TypeAlias = Hazards | Logistic | Multinomial | Points | Formula | Competing | Rules


class Served(_Declared, frozen=True, kw_only=True):
    """How a model serves a disease; see the head of diseases.yaml."""

    model: str
    role: Literal["primary", "raises", "both", "compares"] = "primary"


class DiseaseDefinition(_Declared, frozen=True, kw_only=True):
    """One disease category of the report."""

    id: str
    name: str
    category: str
    plain: str
    advice: str = ""
    serves: tuple[Served, ...]
    is_score: bool = False


class DiseaseFile(_Declared, frozen=True, kw_only=True):
    """resources/risk/diseases.yaml."""

    version: str
    diseases: tuple[DiseaseDefinition, ...]
