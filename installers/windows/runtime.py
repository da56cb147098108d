"""The Windows runtime, put together on Linux from public packages: CPython's own DLL, wheels, two launchers.

Python's Windows binaries come from the wheel of panda3d, which redistributes them (``deploy_libs``; python311.dll
bears the Python Software Foundation's signature); the pure standard library from the Python that runs this. On a
builder with Windows the same layout is made from the embeddable package of python.org.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

from installers.layout import BOOT, ROOT, BuildError, compile_all, lay_down_trust, lay_out_app

PANDA = "panda3d==1.10.16"
COMPILER, DUMPER = "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-objdump"
_BINARIES = re.compile(
    r"deploy_libs/((?!api-ms|tcl|tk|_tkinter|_msi|winsound)[\w.-]+\.(?:dll|pyd))$", re.IGNORECASE
)
_NO_STDLIB = (
    "__pycache__", "*.pyc", "site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3",
    "ensurepip", "lib-dynload", "config-*", "pydoc_data",
)  # fmt: skip
_QT = {
    "Core",
    "Gui",
    "Widgets",
    "Multimedia",
    "Network",
    "OpenGL",
    "OpenGLWidgets",
    "PrintSupport",
    "Svg",
    "Test",
}
_NOT_SHIPPED = (
    "*.dist-info/RECORD", "**/*.pyi", "**/tests", "**/test", "**/*.lib", "**/*.a", "**/include", "bin",
    "PySide6/*.exe",
    "PySide6/include", "PySide6/typesystems", "PySide6/glue", "PySide6/metatypes", "PySide6/qml", "PySide6/scripts",
    "PySide6/plugins/designer", "PySide6/plugins/qmltooling", "PySide6/plugins/sqldrivers", "PySide6/support",
    "PySide6/resources", "PySide6/doc",
    *(
        f"PySide6/plugins/{name}"  # of Qt's add-ons the camera alone is ours
        for name in (
            "assetimporters", "canbus", "geometryloaders", "geoservices", "position", "renderers", "renderplugins",
            "sceneparsers", "scxmldatamodel", "sensors", "texttospeech", "webview",
        )
    ),
    "numpy/f2py", "qt_material/resources", "pip", "setuptools", "wheel",
)  # fmt: skip
_EXPORT = re.compile(r"^\s*\[\s*\d+\](?:\s*\+base\[\s*\d+\]\s*[0-9a-f]+)?\s+(\w+)$", re.MULTILINE)
_PTH = ("runtime\\boot", "app", "runtime\\stdlib", "runtime\\dlls", "runtime\\packages")


def build_runtime(target: Path, cache: Path) -> Path:
    """Lay out the whole program for Windows in `target` (made anew) and return it.

    Args:
        target: The one folder that is installed.
        cache: Keeps what was downloaded and chosen, for the next build of the same lock file.

    Raises:
        BuildError: A tool or a download is missing; it says which.
    """
    if shutil.which(COMPILER) is None:
        raise BuildError(f"{COMPILER} is missing: apt-get install gcc-mingw-w64-x86-64-win32")
    shutil.rmtree(target, ignore_errors=True)
    runtime = target / "runtime"
    runtime.mkdir(parents=True)
    _python(target, _panda(cache))
    _stdlib(runtime / "stdlib")
    shutil.copytree(_packages(cache), runtime / "packages")
    for name in ("vcruntime140_1.dll", "msvcp140.dll"):
        found = next(
            (p for p in (runtime / "packages" / "shiboken6").iterdir() if p.name.lower() == name), None
        )
        if found is None:
            raise BuildError(f"{name} is not in the wheel of shiboken6 any more")
        shutil.copy(found, target / name)
    _prune(runtime / "packages")
    (runtime / "boot").mkdir()
    shutil.copy(BOOT, runtime / "boot")
    lay_out_app(target / "app")
    lay_down_trust(target)
    compile_all(target)
    _launchers(target)
    (target / "python311._pth").write_text("\n".join(_PTH) + "\n", "ascii")
    return target


def _run(command: Sequence[str | Path], remedy: str) -> str:
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)  # noqa: S603
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is missing: {remedy}") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{command[0]} failed: {error.stderr[-2000:]}\n{remedy}") from error
    return done.stdout


def uv() -> str:
    """Return the program that reads the lock file."""
    own = ROOT / ".state" / "uv" / "bin" / "uv"
    return str(own) if own.exists() else "uv"


def _panda(cache: Path) -> Path:
    folder = cache / PANDA.replace("==", "-")
    found = sorted(folder.glob("*.whl"))
    if not found:
        python = sys.executable if _has_pip() else str(ROOT / ".state" / "uv" / "bin" / "python")
        pip = (python, "-m", "pip")
        _run(
            [*pip, "download", "--quiet", "--no-deps", "--platform", "win_amd64", "--python-version", "3.11",
             "--only-binary=:all:", "--dest", folder, PANDA],
            "the package index must be reachable",
        )  # fmt: skip
        found = sorted(folder.glob("*.whl"))
    return found[0]


def _has_pip() -> bool:
    import importlib.util

    return importlib.util.find_spec("pip") is not None


def _packages(cache: Path) -> Path:
    """Return the Windows wheels of the lock file, unpacked; markers are those of Windows, which pip's are not."""
    from hashlib import sha256

    kept = cache / f"packages-{sha256((ROOT / 'uv.lock').read_bytes()).hexdigest()[:16]}"
    if kept.exists():
        return kept
    wanted, unfinished = cache / "requirements.txt", kept.with_suffix(".part")
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    remedy = "run ./dev setup; the package index must be reachable"
    _run(
        [
            uv(),
            "export",
            "--frozen",
            "--no-dev",
            "--no-emit-project",
            "--quiet",
            "--project",
            ROOT,
            "-o",
            wanted,
        ],
        remedy,
    )
    _run(
        [uv(), "pip", "install", "--quiet", "--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11",
         "--only-binary", ":all:", "--require-hashes", "--target", unfinished, "-r", wanted],
        remedy,
    )  # fmt: skip
    unfinished.rename(kept)
    return kept


def _python(target: Path, wheel: Path) -> None:
    dlls = target / "runtime" / "dlls"
    dlls.mkdir()
    with zipfile.ZipFile(wheel) as packed:
        for name in packed.namelist():
            if found := _BINARIES.match(name):
                plain = found.group(1)
                beside = plain.lower().startswith(("python", "vcruntime"))
                place = target if beside else dlls
                (place / (plain.lower() if beside else plain)).write_bytes(packed.read(name))
    if not (target / "python311.dll").exists():
        raise BuildError(f"{wheel.name} holds no python311.dll any more")
    _forwarder(target)


def _forwarder(target: Path) -> None:
    """Make python3.dll, the stable interface that wheels such as PySide6 link to: it passes on to python311.dll."""
    listed = _run([DUMPER, "-p", target / "python311.dll"], "apt-get install gcc-mingw-w64-x86-64-win32")
    table = listed[listed.index("[Ordinal/Name Pointer] Table") :]
    names = _EXPORT.findall(table)
    if len(names) < 1000:
        raise BuildError("the export table of python311.dll could not be read")
    definition, source = target / "python3.def", target / "python3.c"
    definition.write_text(
        "LIBRARY python3\nEXPORTS\n" + "".join(f"  {n} = python311.{n}\n" for n in names), "ascii"
    )
    source.write_text(
        "int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n", "ascii"
    )
    _run(
        [
            COMPILER,
            "-shared",
            "-nostdlib",
            "-e",
            "DllMainCRTStartup",
            "-o",
            target / "python3.dll",
            source,
            definition,
        ],
        "",
    )
    definition.unlink()
    source.unlink()


def _stdlib(target: Path) -> None:
    source = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_NO_STDLIB))
    if not (target / "encodings").is_dir():
        raise BuildError("the standard library of this Python is not plain files")


def _prune(packages: Path) -> None:
    for pattern in _NOT_SHIPPED:
        for path in sorted(packages.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
    qt = packages / "PySide6"
    for path in qt.glob("Qt*"):
        kind = path.name.split(".")[0]
        module = kind.removeprefix("Qt6") if path.suffix == ".dll" else kind.removeprefix("Qt")
        if path.is_file() and module not in _QT:
            path.unlink()
    for path in (qt / "translations").rglob("*"):
        if path.is_file() and "zh_CN" not in path.name:
            path.unlink()


def _launchers(target: Path) -> None:
    from domain.version import VERSION
    from installers.windows.version_resource import version_resource

    resource = version_resource(target, VERSION)
    source = ROOT / "installers" / "windows" / "launcher.c"
    common = [COMPILER, "-municode", "-Os", "-s", "-Wall", "-Werror", source, resource]
    _run([*common, "-mwindows", "-o", target / "aftercheck.exe"], "")
    _run([*common, "-DWITH_CONSOLE", "-o", target / "aftercheckc.exe"], "")
    os.unlink(resource)  # noqa: PTH108
