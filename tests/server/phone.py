"""A client with a phone: opens a link, says the birth date, and sends what a browser would send."""

import hashlib
import html
import re
import secrets
from datetime import date
from urllib.parse import urlencode

import requests

import resources
from domain.links.commands import HandOverForm
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from forms.questionnaire_reader import load_form

BORN = date(1980, 5, 1)


def a_client(server, name="周问卷", born=BORN, sex=Sex.FEMALE):
    order = RegisterPatient(name=name, sex=sex, birth_date=born, another_person=True)
    return server.as_system(order).patient_id


def handed_over(server, patient_id, form="phq9", draft=None, minutes=60, version=None):
    """Hand a form over; returns the secret of the link and its id."""
    token = secrets.token_urlsafe(24)
    version = version or load_form(resources.folder("forms") / f"{form}.json").version
    order = HandOverForm(
        patient_id=patient_id, form=form, form_version=version, draft=draft, valid_minutes=minutes,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
    )  # fmt: skip
    return token, server.as_system(order)


class Phone:
    """A browser without scripts."""

    def __init__(self, server, token):
        self.url = f"{server.api.url}/p/{token}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.last = None

    def open(self, page=None):
        self.last = self.http.get(self.url, params={"page": page} if page is not None else {})
        return self.last

    def send(self, *pairs, raw=None, **fields):
        body = raw if raw is not None else urlencode([*pairs, *fields.items()], doseq=True)
        head = {"content-type": "application/x-www-form-urlencoded"}
        self.last = self.http.post(self.url, data=body, headers=head)
        return self.last

    def verify(self, born="19800501"):
        return self.send(birth_date=born)

    def asked(self):
        """Return the names of the questions on the page."""
        return re.findall(r'name="~asked" value="([^"]+)"', self.last.text)

    def page(self):
        found = re.search(r'name="~page" value="(\d+)"', self.last.text)
        return found and int(found[1])

    def options(self, name):
        pattern = rf'name="{re.escape(name)}" value="([^"]*)"'
        return [html.unescape(one) for one in re.findall(pattern, self.last.text)]

    def answer(self, go, **given):
        """Send the page with answers (by name, underscores for hyphens) and a button."""
        names = self.asked()
        pairs = [("~page", self.page()), ("~go", go), *(("~asked", name) for name in names)]
        pairs += [(key.replace("_", "-"), value) for key, value in given.items()]
        return self.send(*pairs)

    def text(self):
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", self.last.text)))
