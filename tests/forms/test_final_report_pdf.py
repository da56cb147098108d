import hashlib
import io
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest

from domain.kernel.errors import DomainError
from forms.final_report import edition, render_final_report
from forms.signature import sign_content

NASTY = [
    '#read("/etc/passwd")',
    '$x$ #eval("1+1") #include "/common/page.typ"',
    "*bold* _it_ `raw` // gone /* gone */ = head",
    "]#panic()[ \\u{41} <label> @ref ~ -- '\" & <b>",
]


def squeezed(text):
    return re.sub(r"\s", "", text)


@pytest.fixture
def printed(report_document, report_content):
    def render(**changes):
        return render_final_report(report_document, {**report_content, **changes})

    return render


def test_the_report_says_what_it_must(report_document, report_content, pages, key, signer, moment):
    signature = sign_content(report_content, edition(report_document), signer, key, moment)
    found = pages(render_final_report(report_document, report_content, signature))
    text = "".join(found)
    assert len(found) > 3
    for number, page in enumerate(found, 1):
        assert f"第{number}页/共{len(found)}页" in squeezed(page)
        assert "检后通 0.1.0" in page
        assert "HR-2026-11-000128" in page
    for words in (
        "欧阳䶮明",
        "重要异常结果",
        "分院初审",
        "总院复审",
        "终审",
        "退回",
        "↑↑ 危急",
        "186",
        "152",
        "规则待核定",
    ):
        assert words in text
    assert signature.statement.content_sha256 in text
    assert signature.fingerprint in text
    assert "2026-11-24 16:38" in text, "times are shown in clinic time"
    assert "草稿" not in text


def test_the_table_head_is_repeated_on_every_page_of_a_long_table(report_content, printed, pages):
    rows = [{"name": f"项目{n}", "value": str(n), "unit": "mmol/L", "flag": "N"} for n in range(260)]
    found = [squeezed(page) for page in pages(printed(groups=[{"label": "超长分组", "items": rows}]))]
    holding = [page for page in found if "项目1" in page or "项目2" in page]
    assert len(holding) > 4
    assert all("超长分组" in page and "参考区间" in page for page in holding)


def test_trends_are_drawn_as_lines_and_their_texts_can_be_searched(report_content, printed, pages):
    shown = [trend for trend in report_content["trends"] if trend["points"]]
    assert shown
    text = squeezed("".join(pages(printed())))
    assert "重点指标趋势" in text
    for trend in shown:
        assert squeezed(trend["title"]) in text
        for point in trend["points"]:
            assert squeezed(point["value"]) in text
            assert point["date"][:4] in text

    def strokes(data):
        document = pypdfium2.PdfDocument(data)
        kinds = [found.type for page in document for found in page.get_objects(max_depth=6)]
        document.close()
        return kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_PATH)

    # A chart is paths (axes, band, line, a mark a point), no picture: it stays sharp on paper.
    assert strokes(printed()) - strokes(printed(trends=[])) > 6 * len(shown)


def test_an_unsigned_report_is_a_draft_on_every_page(printed, pages):
    found = pages(printed())
    assert all("草稿" in squeezed(page) for page in found)
    assert "未签署" in found[-1]


def test_the_identity_number_is_masked_unless_cleared(report_document, report_content, pages):
    number = report_content["client"]["id_number"]
    masked = "".join(pages(render_final_report(report_document, report_content)))
    clear = "".join(pages(render_final_report(report_document, report_content, id_in_clear=True)))
    assert number not in masked
    assert "330***********4537" in masked
    assert number in clear


def test_rules_not_yet_verified_are_marked_only_where_there_are_any(report_content, printed, pages):
    for entry in [*report_content["findings"], *report_content["conclusions"]]:
        entry.pop("rule", None)
    items = [item for group in report_content["groups"] for item in group["items"]]
    for item in items:
        item.pop("rule", None)
    assert "待核定" not in "".join(pages(printed()))
    items[0]["rule"] = {"id": "R-TEST", "version": "0.1", "status": "UNVERIFIED"}
    text = "".join(pages(printed()))
    assert "规则待核定" in text
    assert "R-TEST 0.1" in text


@pytest.mark.parametrize("text", NASTY)
def test_what_a_person_typed_is_shown_and_never_run(report_content, printed, pages, text):
    report_content["client"]["employer"] = text
    report_content["conclusions"] = [{"text": text, "advice": text}]
    report_content["groups"][0]["items"][0].update(name=text, value=text, flag="A")
    report_content["trends"][0]["title"] = text
    found = squeezed("".join(pages(printed())))
    assert found.count(squeezed(text)) >= 3
    assert "root:" not in found


def test_rare_characters_print_and_missing_ones_leave_a_trace(report_content, printed, pages):
    report_content["client"]["name"] = "䶮㛃𬭎"
    report_content["conclusions"] = [{"text": "好😀\u202e转\u0000", "advice": "10⁹/L"}]
    text = "".join(pages(printed()))
    assert "䶮㛃𬭎" in text
    assert "好〔U+1F600〕转" in text
    assert "10^9/L" in text


def test_nothing_leaves_the_page_however_long(report_content, printed):
    long_run, many = "A" * 900, "超长文字" * 120
    report_content["client"].update(
        name="买买提·" * 8, employer=many, address="浙江省" * 12, id_number="9" * 40
    )
    report_content["organisation"].update(name="某某健康体检管理集团有限公司" * 3, branch=many)
    report_content["findings"].append({"class": "A", "item": long_run, "finding": many, "advice": long_run})
    item = {"name": many, "value": long_run, "unit": "mmol/L/" * 9, "range": long_run, "flag": "HH"}
    report_content["groups"].append({"label": many, "department": long_run, "items": [item]})
    report_content["reviews"].append(
        {**report_content["reviews"][0], "reviewer": long_run, "remark": long_run}
    )
    report_content["trends"][0]["title"] = many
    pdf = pypdfium2.PdfDocument(printed())
    for page in pdf:
        width, height = page.get_size()
        text = page.get_textpage()
        boxes = [text.get_charbox(index) for index in range(text.count_chars())]
        drawn = [box for box in boxes if box[2] > box[0]]
        assert all(box[0] >= 20 and box[2] <= width - 20 for box in drawn), "beyond the side margin"
        assert all(box[1] >= 15 and box[3] <= height - 15 for box in drawn), "beyond head or foot"
    pdf.close()


def test_the_same_data_gives_the_same_bytes_in_another_process_and_thread(report_document, report_content):
    program = (
        "import hashlib,sys;from forms.documents import *;from forms.final_report import *;"
        "from resources import folder;d=load_documents(folder('documents'))['final_report'];s=d.sample();"
        "print(hashlib.sha256(render_pdf(d,s,trend_charts(s['trends']))).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    from forms.documents import render_pdf
    from forms.final_report import trend_charts

    sample = report_document.sample()
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(render_pdf, report_document, sample, trend_charts(sample["trends"])) for _ in range(3)
        ]
        digests = {hashlib.sha256(job.result()).hexdigest() for job in jobs}
    assert digests == {run.stdout.strip()}


def test_the_file_is_dated_by_the_report_not_by_the_clock(printed):
    document = pypdfium2.PdfDocument(printed())
    assert document.get_metadata_value("CreationDate").startswith("D:20261124084000")
    document.close()


@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler-utils not installed")
def test_fonts_are_embedded_subsets_with_a_text_map(printed, tmp_path):
    (tmp_path / "report.pdf").write_bytes(printed())
    run = subprocess.run(["pdffonts", tmp_path / "report.pdf"], capture_output=True, text=True, check=True)
    rows = run.stdout.splitlines()[2:]
    assert rows
    for row in rows:
        assert re.search(r"Noto(Sans|Serif)SC.*\byes yes yes\b", row), row


def test_the_file_stays_small_enough_to_send(printed):
    assert len(io.BytesIO(printed()).getvalue()) < 800_000


def test_a_signature_of_other_content_is_refused(report_document, report_content, key, signer, moment):
    signature = sign_content(report_content, edition(report_document), signer, key, moment)
    report_content["conclusions"][0]["text"] = "未见异常"
    with pytest.raises(DomainError, match=r"signature\.content_changed"):
        render_final_report(report_document, report_content, signature)


def test_a_signature_of_another_document_version_is_refused(
    report_document, report_content, key, signer, moment
):
    signature = sign_content(report_content, "final_report@0.9.0", signer, key, moment)
    with pytest.raises(DomainError, match=r"signature\.other_document"):
        render_final_report(report_document, report_content, signature)


def test_a_report_with_nothing_found_says_so(report_content, printed, pages):
    for group in report_content["groups"]:
        for item in group["items"]:
            item["flag"] = "N"
    text = "".join(pages(printed(findings=[], conclusions=[], trends=[], reviews=[], examinations=None)))
    for words in ("未见需提示的异常", "均在参考区间内", "尚无审核记录"):
        assert words in text
    assert "重点指标趋势" not in text
