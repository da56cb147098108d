import json
from datetime import UTC, datetime

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forms.documents import load_documents
from forms.questionnaire_reader import load_forms
from forms.signature import Signer
from resources import folder


@pytest.fixture(scope="session")
def report_document():
    return load_documents(folder("documents"))["final_report"]


@pytest.fixture
def report_content(report_document):
    """The sample report as content: unsigned, with an identity number in full."""
    content = json.loads(json.dumps(report_document.sample()))
    del content["signature"]
    content["client"]["id_number"] = "330106197903124537"
    return content


@pytest.fixture(scope="session")
def key():
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="session")
def signer():
    return Signer("林静姝", "主任医师", "110330100012345")


@pytest.fixture(scope="session")
def moment():
    return datetime(2026, 11, 24, 8, 38, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def pages():
    """Read a PDF's text, one string a page, with an independent library."""

    def read(pdf):
        document = pypdfium2.PdfDocument(pdf)
        try:
            return [document[index].get_textpage().get_text_range() for index in range(len(document))]
        finally:
            document.close()

    return read


@pytest.fixture(scope="session")
def pre_visit():
    return load_forms(folder("forms"))["pre_visit"]
