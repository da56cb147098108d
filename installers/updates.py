"""The vendor's side of updates: keys, and a signed folder (TUF) of versions that a centre passes on.

    python -m installers.updates keys FOLDER           once; keep root.pem off every machine that is on a network
    python -m installers.updates add --keys FOLDER --out FOLDER [--app FOLDER] [--version 1.2.3]
    python -m installers.updates renew --keys FOLDER --out FOLDER

``root.json`` of ``keys`` goes into the installers (``AFTERCHECK_UPDATE_ROOT``). ``root.pem`` signs the list of keys,
``targets.pem`` versions, ``online.pem`` which list is the newest, for 30 days at a time (``renew``).
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from domain.version import VERSION
from installers.layout import lay_out_app, runtime_of
from sync.updates.archive import compress, digest, expand, pack
from sync.updates.trust import difference_name, whole_name

ROLES = {"root": "root", "targets": "targets", "snapshot": "online", "timestamp": "online"}
LASTS = {"root": 3650, "targets": 365, "snapshot": 30, "timestamp": 30}
DIFFERENCES = 3
"""A version is offered as a difference from so many before it; from older ones it is fetched whole."""


def make_keys(folder: Path, now: datetime) -> Path:
    """Make the three keys and the first root; returns ``root.json``. Keys that exist are never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(ROLES.values())):
        with (folder / f"{name}.pem").open("xb") as file:
            (folder / f"{name}.pem").chmod(0o600)
            file.write(CryptoSigner.generate_ed25519().private_bytes)
    root = Root(expires=now + timedelta(days=LASTS["root"]), consistent_snapshot=False)
    for role, key in ROLES.items():
        root.add_key(_signer(folder, key).public_key, role)
    signed = Metadata(root)
    signed.sign(_signer(folder, "root"))
    signed.to_file(str(folder / "root.json"))
    return folder / "root.json"


def add_version(keys: Path, out: Path, app: Path, version: str, runtime: str, now: datetime) -> list[Path]:
    """Add a version to the signed folder `out`, whole and as differences from those before it; returns its files."""
    (out / "targets").mkdir(parents=True, exist_ok=True)
    (out / "metadata").mkdir(exist_ok=True)
    listed = _read(out, "targets", Targets())
    targets: Targets = listed.signed
    tar = pack(app)
    before = [
        (n, t) for n, t in targets.targets.items() if n.endswith(".tar.zst") and n != whole_name(version)
    ]
    files = {whole_name(version): (compress(tar), "")}
    for name, _target in before[-DIFFERENCES:]:
        base = expand((out / "targets" / name).read_bytes())
        files[difference_name(digest(base), digest(tar))] = (compress(tar, base), digest(base))
    made = []
    for name, (data, base_digest) in files.items():
        path = out / "targets" / name
        path.write_bytes(data)
        target = TargetFile.from_data(name, data, ["sha256"])
        target.unrecognized_fields["custom"] = {
            "version": version, "tar": digest(tar), "runtime": runtime, "base": base_digest,
        }  # fmt: skip
        targets.targets[name] = target
        made.append(path)
    _write(keys, out, listed, "targets", now)
    renew(keys, out, now)
    return made


def withdraw(keys: Path, out: Path, version: str, now: datetime) -> None:
    """Take a version off the list: no workstation changes to it any more, nor back to it."""
    listed = _read(out, "targets", Targets())
    listed.signed.targets = {
        n: t for n, t in listed.signed.targets.items() if (t.custom or {}).get("version") != version
    }
    _write(keys, out, listed, "targets", now)
    renew(keys, out, now)


def renew(keys: Path, out: Path, now: datetime) -> None:
    """Say anew which list is the newest, for another 30 days."""
    targets = _read(out, "targets", Targets())
    snapshot, timestamp = _read(out, "snapshot", Snapshot()), _read(out, "timestamp", Timestamp())
    snapshot.signed.meta["targets.json"] = MetaFile(targets.signed.version)
    _write(keys, out, snapshot, "snapshot", now)
    timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
    root = (keys / "root.json").read_bytes()
    (out / "metadata" / f"{Metadata.from_bytes(root).signed.version}.root.json").write_bytes(root)
    _write(keys, out, timestamp, "timestamp", now)


def _signer(keys: Path, name: str) -> CryptoSigner:
    return CryptoSigner(load_pem_private_key((keys / f"{name}.pem").read_bytes(), None))  # type: ignore[arg-type]


def _read(out: Path, role: str, empty: object) -> Metadata:
    path = out / "metadata" / f"{role}.json"
    if path.exists():
        return Metadata.from_file(str(path))
    first = Metadata(empty)
    first.signed.version = 0
    return first


def _write(keys: Path, out: Path, metadata: Metadata, role: str, now: datetime) -> None:
    metadata.signed.version += 1
    metadata.signed.expires = now + timedelta(days=LASTS[role])
    metadata.sign(_signer(keys, ROLES[role]))
    metadata.to_file(str(out / "metadata" / f"{role}.json"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="installers.updates", description="Sign versions for workstations.")
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("keys").add_argument("keys", type=Path)
    for name in ("add", "renew", "withdraw"):
        one = doing.add_parser(name)
        one.add_argument("--keys", type=Path, required=True)
        one.add_argument("--out", type=Path, required=True)
        one.add_argument("--app", type=Path)
        one.add_argument("--version", default=VERSION)
    chosen = parser.parse_args(arguments)
    now = datetime.now(UTC).replace(microsecond=0)
    if chosen.doing == "keys":
        sys.stdout.write(f"{make_keys(chosen.keys, now)}\n")
    elif chosen.doing == "renew":
        renew(chosen.keys, chosen.out, now)
    elif chosen.doing == "withdraw":
        withdraw(chosen.keys, chosen.out, chosen.version, now)
    else:
        with TemporaryDirectory() as given:
            app = chosen.app or Path(given) / "app"
            if chosen.app is None:
                lay_out_app(app)
            for path in add_version(chosen.keys, chosen.out, app, chosen.version, runtime_of(), now):
                sys.stdout.write(f"{path} {path.stat().st_size}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
