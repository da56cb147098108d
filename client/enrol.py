"""Enrol this machine: ``python -m client.enrol --server URL --code CODE --name NAME``.

Ends with 0 when the machine has joined, 1 when the centre or the machine refused (the reason in Chinese on the
standard error), 2 for a wrong call.
"""

import argparse
import sys
from pathlib import Path

import resources
from client.enrolment import enrol
from client.home import Home, default_home
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="client.enrol", description="Let this machine join the centre.")
    parser.add_argument("--server", required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--home", type=Path, default=default_home())
    parser.add_argument("--ca-bundle")
    chosen = parser.parse_args(arguments)
    try:
        device = enrol(
            Home(chosen.home),
            server=chosen.server,
            code=chosen.code,
            name=chosen.name,
            ca_bundle=chosen.ca_bundle,
        )
    except KnownError as error:
        texts = Texts.load(resources.folder("texts") / "zh")
        sys.stderr.write(texts.explain(error) + "\n")
        return 1
    sys.stdout.write(f"{device}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
