"""What must not be said to a client is found where it stands, and what may be said is left alone."""

import time

import pytest

import resources
from domain.conduct.records import MessageSource
from domain.conduct.rules import lint, load_message_rules
from domain.followup.content import followup_of
from domain.kernel.texts import Texts
from domain.messaging.templates import load_templates

RULES = load_message_rules(resources.folder("conduct"))

AGAINST = {
    "我们这个方案可以根治脂肪肝。": ("cure", "可以根治"),
    "坚持三个月，保 证 治 愈": ("cure", "保 证 治 愈"),
    "１００％有效，放心": ("cure", "１００％有效"),
    "我们是全国第一的体检中心": ("absolute", "全国第一"),
    "推荐您购买保健食品辅酶": ("supplement", "推荐您购买保健食品"),
    "看片子就是癌症，先别来了": ("diagnosis", "就是癌症"),
    "降压药您自己停药就行": ("diagnosis", "您自己停药"),
    "您登记的是 320102197508230621 对吗": ("identity", "320102197508230621"),
    "王先生的电话是138-1234-5678": ("others_phone", "138-1234-5678"),
    "您同事的报告也是这样": ("others", "您同事的报告"),
    "都说三遍了，听不懂人话？": ("disrespect", "听不懂人话"),
    "再不治就没命了": ("pressure", "再不治就没命"),
    "这个肯定能报销": ("unofficial", "肯定能报销"),
    "不仅能根治，还便宜": ("cure", "能根治"),
}
IN_ORDER = (
    "脂肪肝目前不能根治，但可以通过减重明显好转。",
    "我们无法保证治愈，医生会说明获益与风险。",
    "请勿自行停药，也不要自行加量；有不适请就诊。",
    "胃癌根治术后每年复查一次。",
    "没有一种药一定能治好失眠。",
    "保健食品不能代替药物；推荐您购买保健食品前先问医生。",
    "门诊电话 13812345678，周一至周五。",
    "报告编号 1234567890，滚动条下拉可看全文，请把样本包好。",
    "",
)


@pytest.mark.parametrize("text", AGAINST)
def test_what_is_against_a_rule_is_found_at_its_place(text):
    key, words = AGAINST[text]
    hits = lint(text, RULES)
    assert [(hit.rule.key, text[hit.start : hit.end]) for hit in hits] == [(key, words)]


@pytest.mark.parametrize("text", IN_ORDER)
def test_what_may_be_said_is_left_alone(text):
    assert lint(text, RULES) == ()


def test_every_rule_has_an_example_here():
    assert {key for key, _ in AGAINST.values()} == {rule.key for rule in RULES.rules}


def test_the_longest_answer_takes_under_a_millisecond():
    text = ("您好，低密度脂蛋白偏高，建议先调整饮食三个月后复查。" * 24)[:600]
    lint(text, RULES)
    took = []
    for _ in range(20):
        begin = time.perf_counter()
        lint(text, RULES)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.001, f"{min(took) * 1e3:.2f} ms"


def test_what_ships_to_be_said_is_in_order(authority):
    content = followup_of(resources.folder("followup"), authority.roles, resources.folder("forms"))
    said = [one for part in (content.scripts, content.handouts) for one in part.values()]
    said += load_templates(resources.folder("messages")).values()
    assert said
    texts = [one.text if hasattr(one, "text") else "\n".join(one.points) for one in said]
    assert [(text, hit.words) for text in texts for hit in lint(text, RULES)] == []


def test_every_place_a_text_is_found_in_has_its_name():
    texts = Texts.load(resources.folder("texts") / "zh")
    assert all(
        f"choice.{key}" in texts and f"word.{key}" in texts
        for key in map("message_source.{}".format, MessageSource)
    )
