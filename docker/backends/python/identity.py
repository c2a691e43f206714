"""Who is asking, as bearergate says. What the token does not say is None or empty here."""

import time


def identity_of(headers):
    return {
        "subject": headers.get("x-auth-subject"),
        "client": headers.get("x-auth-client-id"),
        "organization": headers.get("x-auth-organization-id"),
        "scopes": headers.get("x-auth-scopes", "").split(),
        "audience": headers.get("x-auth-audience", "").split(),
    }


def ticks():
    for count in range(1, 601):
        yield f"tick {count}\n"
        time.sleep(0.1)


def size_of(body):
    return sum(len(piece) for piece in iter(lambda: body.read(65536), b""))
