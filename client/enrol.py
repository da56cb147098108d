"""Enrol this machine: ``python -m client.enrol --server URL --code CODE --name NAME``.

A centre with an authority of its own is believed by ``--ca FILE`` or ``--fingerprint SHA256``.
Ends with 0 when the machine has joined, 1 when the centre or the machine refused (the reason in Chinese on the
standard error), 2 for a wrong call.
"""

import argparse
import json
import sys
from pathlib import Path

import resources
from client.enrolment import Request, enrol
from client.home import Home, default_home
from client.settings import SettingsError, read_settings
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="client.enrol", description="Let this machine join the centre.")
    parser.add_argument("--server", required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--home", type=Path, default=default_home())
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, help="PEM file of the centre's own authority")
    trust.add_argument("--fingerprint", default="", help="SHA-256 of the centre's own authority")
    parser.add_argument(
        "--key-file", default="", help="keep the keys in this file: a machine without a keyring"
    )
    chosen = parser.parse_args(arguments)
    texts = Texts.load(resources.folder("texts") / "zh")
    home = Home(chosen.home)
    try:
        key_file = chosen.key_file or read_settings(home.settings).key_file
    except SettingsError as error:
        _tell(str(error))
        return 2
    try:
        device = enrol(
            home,
            Request(chosen.server, chosen.code, chosen.name, chosen.ca, chosen.fingerprint),
            key_file_setting=key_file,
            tell=lambda step: _tell(texts.say(f"enrolment.step.{step}")),
        )
        if chosen.key_file:
            _keep_setting(home, chosen.key_file)
    except KnownError as error:
        _tell(texts.explain(error))
        return 1
    sys.stdout.write(f"{device}\n")
    return 0


def _keep_setting(home: Home, key_file: str) -> None:
    """Tell the client where the keys are, as an administrator would."""
    known = json.loads(home.settings.read_text("utf-8")) if home.settings.exists() else {}
    home.settings.write_text(
        json.dumps(known | {"key_file": key_file}, ensure_ascii=False, indent=2), "utf-8"
    )


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
