"""Outside services that attest sealed consents: time stamp authorities (RFC 3161), providers of electronic seals."""
