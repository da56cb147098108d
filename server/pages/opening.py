"""Opening what a link leads to: the link by its secret, its questionnaire, and the session with what was answered."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from domain.kernel.errors import DomainError
from domain.links.records import LinkPurpose
from forms.questionnaire import Questionnaire
from forms.session import FormSession
from server.api.dependencies import CentreDep, address_of
from server.limiter import KeptFailures
from server.pages.links import Links, OpenLink

COOKIE = "aftercheck_client"
TRIES_TO_SAVE = 5
"""Requests of one phone may meet; each is put to what the other has saved."""
TRIES, TRIES_WITHIN = 30, timedelta(minutes=15)


def links_of(request: Request, centre: CentreDep) -> Links:
    """Return the links of the centre, made once a process."""
    found: Links | None = getattr(request.app.state, "links", None)
    if found is None:
        found = request.app.state.links = Links(centre)
        request.app.state.wrong_links = centre.kept.failures("link.too_many", TRIES, TRIES_WITHIN)
    return found


LinksDep = Annotated[Links, Depends(links_of)]


def opened(request: Request, links: Links, token: str) -> OpenLink:
    """Return the link of a secret; who tries many that are none has to wait.

    Raises:
        DomainError: As `Links.open`; ``link.too_many``; ``link.retired``.
    """
    failures: KeptFailures = request.app.state.wrong_links
    failures.check(address_of(request))
    try:
        link = links.open(token)
    except DomainError as error:
        if error.code == "link.not_yet":
            failures.note(address_of(request))
        raise
    if link.purpose is LinkPurpose.FORM:
        form_of(links, link)  # a retired version is told before the birth date is asked
    return link


def form_of(links: Links, link: OpenLink) -> Questionnaire:
    """Return the questionnaire of a link in its exact version; ``link.retired`` where that is no longer to be had."""
    return links.form_of(link).form


def session_of(form: Questionnaire, link: OpenLink) -> FormSession:
    """Return the form with what was answered so far."""
    return FormSession.restore(form, link.draft) if link.draft else FormSession(form)
