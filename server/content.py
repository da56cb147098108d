"""The content that commands at the centre may ask for by name."""

from typing import Any

import resources
from domain.catalog.content import load_catalog
from domain.kernel.authority import Authority
from domain.kernel.texts import Texts
from server.identity import Identity


def centre_content(identity: Identity) -> dict[str, Any]:
    """Return roles, catalogue, texts and the centre's number prefix.

    Raises:
        ContentError: Some files cannot be used.
    """
    return {
        "authority": Authority.load(resources.folder("roles.yaml")),
        "catalog": load_catalog(resources.folder("catalog")),
        "texts": Texts.load(resources.folder("texts") / "zh"),
        "number_prefix": identity.number_prefix,
    }
