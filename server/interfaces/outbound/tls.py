"""TLS towards partners: who they are is proven, and we show who we are where the listener has a certificate."""

import ssl

from server.settings import Settings


def partner_tls(settings: Settings) -> ssl.SSLContext:
    """Return how lines to partners are encrypted (TLS 1.2 on); their certificates are always checked.

    The authority is that of connecting systems where one is set, else those the machine trusts.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=settings.mllp_tls_clients)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.mllp_tls_cert is not None:
        context.load_cert_chain(settings.mllp_tls_cert, settings.mllp_tls_key)
    return context
