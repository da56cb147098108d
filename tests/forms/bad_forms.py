"""Forms that cannot be used, each with a word of the sentence that says why; and expressions that mean harm."""

from tests.forms.building import item, rule, when
from tests.forms_expressions.test_hostile_expressions import HOSTILE


def calculated(link_id, text):
    return item(link_id, "string", readOnly=True, rules=[rule("calculatedExpression", text)])


ANSWER_OF = "%resource.item.where(linkId='{}').answer.value"
BROKEN = {
    "cycle": ([item("a", enableWhen=[when("b", "exists", answerBoolean=True)]),
               item("b", enableWhen=[when("a", "exists", answerBoolean=True)])], "互相等待（a > b > a）"),
    "cycle of calculations": ([calculated("a", ANSWER_OF.format("b")),
                               calculated("b", ANSWER_OF.format("a"))], "互相等待"),
    "unknown linkId": ([item("a", enableWhen=[when("nobody", "=", answerInteger=1)])], "不存在的题目“nobody”"),
    "twice the same linkId": ([item("a"), item("a")], "题号“a”用了两次"),
    "an expression that is none": ([calculated("a", "1 +* 2")], "第 3 个字符"),
    "an expression too long": ([calculated("a", HOSTILE["too long"])], "表达式无法使用"),
    "a type that is none": ([item("a", "nosuch")], "item[0].type"),
}  # fmt: skip

HOSTILE_CALCULATIONS = {
    "doubling": "('ab')" + ".select($this & $this)" * 60,
    "a pattern": HOSTILE["a pattern"],
    "a repeat": HOSTILE["a repeat that breeds"],
}
