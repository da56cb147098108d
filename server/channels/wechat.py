"""What WeCom, Official Account and mini program have in common: an access token with every call, and ``errcode``."""

from collections.abc import Callable, Mapping
from typing import Any

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
