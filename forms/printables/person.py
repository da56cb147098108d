"""Reports about a person."""

from functools import partial

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.assessing import assessment_pdf
from forms.habit_report import VERSIONS as HABIT_VERSIONS
from forms.habit_report import habit_report_pdf
from forms.portrait import portrait_pdf
from forms.printables import Printable, documents
from forms.risk_reporting import risk_report_pdf


def _assessment(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> bytes:
    return assessment_pdf(dispatcher, actor, documents()["assessment_report"], patient_id)


def _risk(dispatcher: Dispatcher, actor: Actor, patient_id: Id, *, version: str) -> bytes:
    return risk_report_pdf(dispatcher, actor, documents(), patient_id, version)


def _portrait(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> bytes:
    return portrait_pdf(dispatcher, actor, documents()["health_portrait"], patient_id)


def _habits(dispatcher: Dispatcher, actor: Actor, patient_id: Id, *, version: str) -> bytes:
    return habit_report_pdf(dispatcher, actor, documents(), patient_id, version)


_VERSIONS = {"professional": "专业版", "plain": "通俗版", "phone": "手机精简版"}
PRINTABLES = (
    *(
        Printable(
            f"risk_{version}",
            f"健康风险评估报告（{words}）",
            "patient",
            "risk.view",
            partial(_risk, version=version),
        )
        for version, words in _VERSIONS.items()
    ),
    *(
        Printable(
            f"habits_{version}",
            f"膳食与运动习惯评价报告（{words}）",
            "patient",
            "form.view",
            partial(_habits, version=version),
        )
        for version, words in _VERSIONS.items()
        if version in HABIT_VERSIONS
    ),
    Printable("portrait", "健康画像", "patient", "risk.view", _portrait),
    Printable("assessment", "专项健康评估报告", "patient", "form.view", _assessment),
)
