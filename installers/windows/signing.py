"""Authenticode signatures, with a certificate that the builder's environment names; without one nothing is signed.

``AFTERCHECK_SIGN_PFX``: certificate and key (PKCS #12). ``AFTERCHECK_SIGN_PASS_FILE``: file with its password.
``AFTERCHECK_SIGN_TIMESTAMP``: address of a time stamp authority, so that signatures outlive the certificate.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from installers.layout import BuildError

PFX, PASSWORD, STAMP = "AFTERCHECK_SIGN_PFX", "AFTERCHECK_SIGN_PASS_FILE", "AFTERCHECK_SIGN_TIMESTAMP"


def sign(path: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Sign a program or an MSI in place; returns False where no certificate is named.

    Raises:
        BuildError: The certificate cannot be used; the file is as it was.
    """
    if not environment.get(PFX):
        return False
    if shutil.which("osslsigncode") is None:
        raise BuildError("osslsigncode is missing: apt-get install osslsigncode")
    signed = path.with_name(f"{path.name}.signed")
    command = ["osslsigncode", "sign", "-h", "sha256", "-n", "Aftercheck", "-pkcs12", environment[PFX]]
    if environment.get(PASSWORD):
        command += ["-readpass", environment[PASSWORD]]
    if environment.get(STAMP):
        command += ["-ts", environment[STAMP]]
    done = subprocess.run(  # noqa: S603
        [*command, "-in", str(path), "-out", str(signed)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        signed.unlink(missing_ok=True)
        raise BuildError(f"{path.name} was not signed: {(done.stderr or done.stdout)[-500:]}")
    signed.replace(path)
    return True
