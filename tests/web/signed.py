"""
Somebody with a browser's cookies who signs in.
"""

import re

from werkzeug.test import Client, TestResponse

from service.archive.tokens import Scope, create_token
from tests.conftest import Luot

FORM = "application/x-www-form-urlencoded"


def token_of(luot: Luot, site: str = "s1", scope: Scope = Scope.READ, name: str = "") -> str:
    return create_token(luot.runtime.database, site, scope, luot.clock.ms, name)


def browser(luot: Luot) -> Client:
    """
    A browser that has no cookie yet.
    """
    return Client(luot.http.application)


def form_token(page: str) -> str:
    """
    What a page's first form has to bring back.
    """
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]


def sign_in(
    client: Client, token: str, target: str = "/", headers: dict[str, str] | None = None
) -> TestResponse:
    """
    What a browser gets that fills in the form.
    """
    asked = client.get(f"/sign-in?next={target}", headers=headers)
    fields = {"form_token": form_token(asked.text), "token": token, "next": target}
    return client.post("/sign-in", data=fields, headers=headers)


def signed_in(luot: Luot, site: str = "s1", scope: Scope = Scope.READ) -> Client:
    client = browser(luot)
    assert sign_in(client, token_of(luot, site, scope)).status_code == 303
    return client
