r"""Group policies (ADMX, ADML) made from the declaration of the settings: a new setting is a new policy.

``python -m installers.policies FOLDER`` writes ``aftercheck.admx``, and ``aftercheck.adml`` in ``zh-CN``, ``en-US``.
Windows keeps what a policy says under ``HKLM\Software\Policies\Aftercheck``; `client.machine_settings` reads it.
"""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from client.machine_settings import POLICY_KEY
from client.settings import Settings

_SPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
_LONGEST_TEXT = 1000


def admx() -> str:
    """Return the policies, one a setting, all of the machine."""
    policies = "\n".join(_policy(field) for field in dataclasses.fields(Settings))
    return f"""<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions xmlns="{_SPACE}" revision="1.0" schemaVersion="1.0">
<policyNamespaces>
<target prefix="aftercheck" namespace="Aftercheck.Policies.Workstation"/>
<using prefix="windows" namespace="Microsoft.Policies.Windows"/>
</policyNamespaces>
<resources minRequiredRevision="1.0"/>
<categories><category name="Workstation" displayName="$(string.Category)"/></categories>
<policies>
{policies}
</policies>
</policyDefinitions>
"""


def adml(language: str) -> str:
    """Return the words of the policies; `language` is ``zh-CN`` or ``en-US`` (the plain names of the settings)."""
    chinese = language == "zh-CN"
    product = "检后通工作站" if chinese else "Aftercheck workstation"
    strings = [f'<string id="Category">{product}</string>']
    tables = []
    for field in dataclasses.fields(Settings):
        label = field.metadata["label"] if chinese else field.name.replace("_", " ")
        strings.append(f'<string id="{field.name}">{escape(label)}</string>')
        strings.append(
            f'<string id="{field.name}_help">{escape(_help(field, label, chinese=chinese))}</string>'
        )
        if not isinstance(field.default, bool):
            tables.append(_presentation(field, label))
    return f"""<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources xmlns="{_SPACE}" revision="1.0" schemaVersion="1.0">
<displayName>{product}</displayName>
<description>{product}</description>
<resources>
<stringTable>
{chr(10).join(strings)}
</stringTable>
<presentationTable>
{chr(10).join(tables)}
</presentationTable>
</resources>
</policyDefinitionResources>
"""


def write_policies(folder: Path) -> list[Path]:
    """Write the three files and return them."""
    files = {
        folder / "aftercheck.admx": admx(),
        folder / "zh-CN" / "aftercheck.adml": adml("zh-CN"),
        folder / "en-US" / "aftercheck.adml": adml("en-US"),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return list(files)


def _policy(field: "dataclasses.Field[Any]") -> str:
    name = field.name
    shown = "" if isinstance(field.default, bool) else f' presentation="$(presentation.{name})"'
    head = (
        f'<policy name="{name}" class="Machine" displayName="$(string.{name})" explainText="$(string.{name}_help)" '
        f"key={quoteattr(POLICY_KEY)}"
    )
    middle = '<parentCategory ref="Workstation"/><supportedOn ref="windows:SUPPORTED_Windows_10_0"/>'
    if isinstance(field.default, bool):
        on, off = (
            '<{0}Value><decimal value="{1}"/></{0}Value>'.format(*w)
            for w in (("enabled", 1), ("disabled", 0))
        )
        values = on + off
        return f'{head} valueName="{name}">{middle}{values}</policy>'
    if isinstance(field.default, str):
        element = f'<text id="{name}" valueName="{name}" maxLength="{_LONGEST_TEXT}"/>'
    else:
        low, high = int(field.metadata["low"]), int(field.metadata["high"])
        element = f'<decimal id="{name}" valueName="{name}" minValue="{low}" maxValue="{high}"/>'
    return f"{head}{shown}>{middle}<elements>{element}</elements></policy>"


def _help(field: "dataclasses.Field[Any]", label: str, *, chinese: bool) -> str:
    low, high = field.metadata["low"], field.metadata["high"]
    limits = "" if low is None else (f"范围 {low} 到 {high}。" if chinese else f" From {low} to {high}.")
    if chinese:
        return f"{label}。{limits}默认值：{field.default!s}。启用后工作站上不能再改；未配置时由工作站自己的设置决定。"
    return f"{label}.{limits} Default: {field.default!s}. When enabled, nobody changes it at the workstation."


def _presentation(field: "dataclasses.Field[Any]", label: str) -> str:
    if isinstance(field.default, str):
        inner = f'<textBox refId="{field.name}"><label>{escape(label)}</label></textBox>'
    else:
        default = int(field.default)
        inner = (
            f'<decimalTextBox refId="{field.name}" defaultValue="{default}">{escape(label)}</decimalTextBox>'
        )
    return f'<presentation id="{field.name}">{inner}</presentation>'


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the group policies of the workstation.")
    parser.add_argument("folder", type=Path)
    for path in write_policies(parser.parse_args().folder):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
