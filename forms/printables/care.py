"""Prescriptions of intervention plans."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.care_plan import care_plan_pdf
from forms.printables import Printable, documents
from forms.supplement_report import supplement_report_pdf
from forms.trend_report import trend_report_pdf


def _plan(dispatcher: Dispatcher, actor: Actor, plan_id: Id) -> bytes:
    return care_plan_pdf(dispatcher, actor, documents()["care_plan"], plan_id)


def _trends(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> bytes:
    return trend_report_pdf(dispatcher, actor, documents()["trend_report"], patient_id)


def _supplements(dispatcher: Dispatcher, actor: Actor, plan_id: Id) -> bytes:
    return supplement_report_pdf(dispatcher, actor, documents()["supplement_report"], plan_id)


PRINTABLES = (
    Printable("care_plan", "健康干预处方", "care_plan", "care.view", _plan),
    Printable("supplements", "营养补充剂处方与打卡日历", "care_plan", "care.view", _supplements),
    Printable("trends", "指标趋势分析报告", "patient", "care.view", _trends),
)
