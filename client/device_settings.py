"""Which devices stand at this workstation: ``devices.json`` in its home, typed and checked whole.

Example::

    {"ports": [{"port": "nibp", "driver": "bp.and.tm2657", "address": "usb:0403:6001:A50285BI"},
               {"port": "card", "driver": "idcard.samv", "address": "COM3"}],
     "printers": [{"use": "tube", "name": "采血标签机", "language": "zpl", "address": "tcp:192.168.1.50:9100",
                   "template": "tube_50x30"}]}

`use` of a printer is what asks for it: ``tube`` (front desk), ``aliquot`` (specimen bench). `model` names an entry
of
``printers/models.yaml`` beside the label templates, which then says language, resolution and width. An absent file
means a
workstation without devices, which works all the same: values are typed, labels wait.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

import resources
from client.home import Home
from devices.addresses import check_address
from devices.registry import profile
from devices.transport import SerialSettings
from devices.worker import PortConfig
from domain.kernel.errors import DomainError

if TYPE_CHECKING:
    # Drawing labels loads fonts, numpy and bar codes: only a workstation with a printer pays for it, at first use.
    from devices.labels.model import Template
    from devices.labels.printer import Printer
    from devices.labels.transports import Transport

FILE_NAME = "devices.json"
VALIDATED = {"idcard.samv"}
"""Drivers that are given our check of a citizen's number."""
S = TypeVar("S")


class PortSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One serial device; without line settings the driver's own are used."""

    port: str
    driver: str
    address: str
    baud: int | None = None
    parity: Literal["N", "E", "O"] | None = None


class PrinterSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One label printer.

    `address` is ``tcp:HOST:PORT``, ``serial:PORT:BAUD``, ``file:PATH`` or ``system:NAME`` (a printer of the
    system, by
    its driver). `language` may be left out where a `model` is named.
    """

    use: Literal["tube", "aliquot"]
    name: str
    address: str
    template: str
    language: str = ""
    model: str = ""
    dpi: Literal[203, 300, 600] | None = None
    answers_status: bool = True


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that is plugged in."""

    ports: tuple[PortSetting, ...] = ()
    printers: tuple[PrinterSetting, ...] = ()


class DeviceSettingsError(Exception):
    """A file that cannot be used; each problem names its entry in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclasses.dataclass(frozen=True, slots=True)
class LabelPrinter:
    """A printer with the label it is loaded for."""

    use: str
    printer: "Printer"
    template: "Template"


def read_device_settings(path: Path) -> DeviceSettings:
    """Return the settings of `path`; an absent file has no devices.

    Raises:
        DeviceSettingsError: Every entry that is misspelt, of an unknown driver or language, or used twice.
    """
    try:
        raw = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return DeviceSettings()
    except (OSError, msgspec.DecodeError) as error:
        raise DeviceSettingsError([f"{path.name}：无法读取（{error}）"]) from error
    if not isinstance(raw, dict):
        raise DeviceSettingsError([f"{path.name}：应为 ports 与 printers 两组设置"])
    problems = [f"{path.name}：没有“{name}”这项设置" for name in raw.keys() - {"ports", "printers"}]
    ports = _entries(raw, "ports", PortSetting, problems)
    printers = _entries(raw, "printers", PrinterSetting, problems)
    problems += _port_problems(ports) + _printer_problems(printers)
    if problems:
        raise DeviceSettingsError(problems)
    return DeviceSettings(ports=ports, printers=printers)


def port_config(setting: PortSetting, home: Home) -> PortConfig:
    """Return what the worker of a port needs to know."""
    own = profile(setting.driver).settings
    line = SerialSettings(
        setting.baud or own.baud, own.data_bits, setting.parity or own.parity, own.stop_bits
    )
    options: dict[str, Any] = {"validate": valid_id_number} if setting.driver in VALIDATED else {}
    log = home.folder / "logs" / "devices" / f"{setting.port}.log"
    return PortConfig(setting.port, setting.driver, setting.address, line, options, log)


def label_printers(settings: DeviceSettings, templates: Path) -> dict[str, LabelPrinter]:
    """Return the printers by `use`, each with its template of the folder `templates`."""
    if not settings.printers:
        return {}
    from devices.labels.models import load_models
    from devices.labels.printer import Printer
    from devices.labels.templates import load_labels

    known = load_labels(templates)
    models = load_models(templates)
    found: dict[str, LabelPrinter] = {}
    for setting in settings.printers:
        if setting.template not in known:
            raise DeviceSettingsError([f"printers（{setting.name}）：没有标签模板 {setting.template}"])
        model = models.get(setting.model)
        printer = Printer(
            setting.name, _transport(setting.address), setting.language or (model.language if model else ""),
            dpi=setting.dpi or (model.dpi if model else None), width_mm=model.width if model else None,
            answers_status=setting.answers_status and (model is None or model.answers_status),
        )  # fmt: skip
        found[setting.use] = LabelPrinter(setting.use, printer, known[setting.template])
    return found


def valid_id_number(number: str) -> object:
    """Check a number a card reader read (a function of a module, so that it can be sent to the reader's process)."""
    from domain.kernel.clock import clinic, utc_now
    from domain.people.idnumber import read_id

    return read_id(number, today=clinic(utc_now()).date())


def _entries(raw: dict[str, Any], group: str, schema: type[S], problems: list[str]) -> tuple[S, ...]:
    listed = raw.get(group, [])
    if not isinstance(listed, list):
        problems.append(f"{group}：应为列表")
        return ()
    found = []
    for number, entry in enumerate(listed, 1):
        try:
            found.append(msgspec.convert(entry, schema))
        except msgspec.ValidationError as error:
            problems.append(f"{group} 第 {number} 项：{error}")
    return tuple(found)


def _port_problems(ports: tuple[PortSetting, ...]) -> list[str]:
    problems = []
    names = [p.port for p in ports]
    addresses = [p.address for p in ports]
    for setting in ports:
        where = f"ports（{setting.port}）"
        if names.count(setting.port) > 1 or not setting.port.replace("_", "").isalnum():
            problems.append(f"{where}：名称重复或含有特殊字符")
        if addresses.count(setting.address) > 1:
            problems.append(f"{where}：地址 {setting.address} 被多个设备使用")
        try:
            check_address(setting.address)
            profile(setting.driver)
        except DomainError as error:
            problems.append(f"{where}：{error.code}（{next(iter(error.facts.values()), '')}）")
    return problems


def _printer_problems(printers: tuple[PrinterSetting, ...]) -> list[str]:
    if not printers:
        return []
    from devices.labels.languages import find_language
    from devices.labels.models import load_models

    models = load_models(resources.folder("documents") / "labels")
    problems = []
    uses = [p.use for p in printers]
    for setting in printers:
        where = f"printers（{setting.name}）"
        if uses.count(setting.use) > 1:
            problems.append(f"{where}：用途 {setting.use} 已有另一台打印机")
        model = models.get(setting.model)
        if setting.model and model is None:
            problems.append(f"{where}：没有型号 {setting.model}，可选：{'、'.join(models)}")
            continue
        if model and setting.dpi and setting.dpi != model.dpi:
            problems.append(f"{where}：{model.title} 是 {model.dpi} dpi 打印机，不能设为 {setting.dpi} dpi")
        if model and setting.address.partition(":")[0] not in model.connections:
            problems.append(f"{where}：{model.title} 不能用 {setting.address} 这种方式连接")
        try:
            find_language(setting.language or (model.language if model else ""))
            _transport(setting.address)
        except DomainError as error:
            problems.append(f"{where}：{error.code}（{next(iter(error.facts.values()), '')}）")
    return problems


def _transport(address: str) -> "Transport":
    """Return where a printer is; raises `DomainError` ``device.bad_address``."""
    from devices.labels.transports import DeviceFileTransport, SerialTransport, TcpTransport

    kind, _, place = address.partition(":")
    host, _, number = place.rpartition(":")
    if kind == "tcp" and host and number.isdecimal():
        return TcpTransport(host, int(number))
    if kind == "serial" and host and number.isdecimal():
        return SerialTransport(host, int(number))
    if kind == "file" and place:
        return DeviceFileTransport(Path(place))
    if kind == "system" and place:
        from client.label_spool import SystemTransport

        return SystemTransport(place)
    raise DomainError("device.bad_address", field="address", address=address)
