"""What WeCom, Official Account and mini program have in common: an access token with every call, and ``errcode``."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from server.channels.accounts import Secrets
from server.channels.outcome import Fault, Outcome, TokenRefusedError, judged
from server.channels.tokens import Fetched, Tokens, token_key
from server.channels.wire import Unanswered, Wire

Fetch = Callable[[str], dict[str, Any]]


class TokenedApi:
    """One secret of an account: calls with its token, fetched anew once where the vendor refuses it (class A).

    Args:
        wire: To the vendor.
        name: Name of the token: kind and account.
        secret: Name of the secret among `secrets`.
        secrets: Where it is.
        tokens: The tokens of the centre.
        fetch: Asks for a token with the secret.
        faults: The vendor's error codes.
    """

    def __init__(
        self, wire: Wire, name: str, secret: str | None, secrets: Secrets, tokens: Tokens, fetch: Fetch,
        faults: Mapping[str, Fault],
    ) -> None:  # fmt: skip
        self._wire, self._name, self._secret = wire, name, secret
        self._secrets, self._tokens, self._fetch, self._faults = secrets, tokens, fetch, faults

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call with a JSON body and return the answer whose ``errcode`` is 0.

        Raises:
            Unanswered: The outcome of any other code, of the line, or of a token that cannot be had.
        """
        return self._with_token(lambda token: self._wire.post(path, {"access_token": token}, body))

    def upload(self, path: str, query: Mapping[str, str], files: Any) -> dict[str, Any]:
        """Send a file; otherwise as `post`."""
        return self._with_token(
            lambda token: self._wire.call("POST", path, query={"access_token": token, **query}, files=files)
        )

    def media(self, media_id: str, most: int) -> bytes:
        """Return a file that somebody sent us, at most one byte more than `most`.

        An Official Account answers a video with an address (``video_url``), which is followed to the vendor's own
        hosts only; UNVERIFIED (待核定).

        Raises:
            Unanswered: The outcome of the vendor's code, of the line, or of a token that cannot be had.
        """
        found: list[bytes] = []

        def asked(token: str) -> dict[str, Any]:
            query = {"access_token": token, "media_id": media_id}
            body, kind = self._wire.download("/cgi-bin/media/get", query, most)
            if kind.startswith(("application/json", "text/plain")):
                try:
                    told: dict[str, Any] = json.loads(body)
                except ValueError as error:
                    raise Unanswered(Outcome("unknown", reason="odd_answer", detail="media")) from error
                return told
            found.append(body)
            return {}

        answer = self._with_token(asked)
        if not found and (address := str(answer.get("video_url", ""))):
            if not self._is_vendors(address):
                raise Unanswered(Outcome("failed", reason="refused", detail="foreign address"))
            found.append(self._wire.download("", {}, most, url=address)[0])
        if not found:
            raise Unanswered(Outcome("failed", reason="odd_answer", detail="no media"))
        return found[0]

    def _is_vendors(self, address: str) -> bool:
        parts, own = urlsplit(address), urlsplit(self._wire.base_url)
        host = parts.hostname or ""
        theirs = host == "qq.com" or host.endswith((".qq.com", ".qpic.cn"))
        return (parts.netloc == own.netloc and parts.scheme == own.scheme) or (
            theirs and parts.scheme in ("http", "https") and parts.port is None
        )

    def _with_token(self, call: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        token = self._token()
        try:
            return self._checked(call(token))
        except TokenRefusedError:
            token = self._token(refused=token)
        try:
            return self._checked(call(token))
        except (
            TokenRefusedError
        ) as error:  # a new one too: somebody else fetches tokens, or our set-up is wrong
            raise Unanswered(Outcome("retry", reason="token", detail=error.detail, wait_s=60.0)) from error

    def _checked(self, answer: dict[str, Any]) -> dict[str, Any]:
        code = answer.get("errcode", 0)
        if code == 0:
            return answer
        raise Unanswered(judged(self._faults, code, answer.get("errmsg")))

    def _token(self, refused: str = "") -> str:
        secret = self._secrets.get(self._secret)

        def fetched() -> Fetched:
            answer = self._fetch(secret)
            code = answer.get("errcode", 0)
            if code != 0 or not answer.get("access_token"):
                try:
                    outcome = judged(self._faults, code, answer.get("errmsg"))
                except TokenRefusedError as error:  # no token was sent: the secret is not accepted
                    outcome = Outcome("configuration", reason="configuration", detail=error.detail)
                raise Unanswered(_before(outcome))
            return Fetched(str(answer["access_token"]), int(answer.get("expires_in", 7200)))

        try:
            return self._tokens.get(token_key("token", self._name, secret), fetched, refused)
        except Unanswered as error:
            raise Unanswered(_before(error.outcome)) from error


def _before(outcome: Outcome) -> Outcome:
    """Return what a failure means that came before the message was sent: nothing can have been lost by it."""
    if outcome.kind in ("unknown", "failed"):
        kind = "retry" if outcome.kind == "unknown" else "configuration"
        return Outcome(kind, reason=outcome.reason, detail=outcome.detail)
    return outcome
