"""judge.py: signs up, resets and invites at SALUS_URL, and reads the mails that arrive in MAILS as a person would."""

import email
import email.policy
import json
import os
import time
import urllib.error
import urllib.request
import uuid
from html.parser import HTMLParser
from pathlib import Path

BASE = os.environ["SALUS_URL"]
FOLDER = Path(os.environ["MAILS"])
PASSWORD, NEXT = "três tigres e um trigal", "quatro tigres e um trigal"
SUBJECTS = {
    "verify-email": {
        "pt-BR": "Confirme seu e-mail",
        "fr": "Confirmez votre adresse e-mail",
        "en": "Confirm your e-mail address",
    },
    "reset-password": {
        "pt-BR": "Redefina sua senha",
        "fr": "Réinitialisez votre mot de passe",
        "en": "Reset your password",
    },
    "accept-invitation": {
        "pt-BR": "Convite de Clínica & Filhos",
        "fr": "Invitation de Clínica & Filhos",
        "en": "Invitation from Clínica & Filhos",
    },
}


def call(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    if method == "POST" and token:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, (json.loads(text) if text[:1] in (b"{", b"[") else None)
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def expect(wanted, answer):
    status, body = answer
    assert status in (wanted if isinstance(wanted, tuple) else (wanted,)), f"{status} instead of {wanted}: {body}"
    return body


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.language, self.text = [], None, ""

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a":
            self.found.append(attributes["href"])
        if tag == "html":
            self.language = attributes["lang"]
        assert tag not in ("script", "img", "iframe", "form"), f"<{tag}> in a mail"

    def handle_data(self, data):
        self.text += data


def tries(to):
    """All tries of mails to an address, oldest first."""
    files = sorted(FOLDER.glob("*.mail"), key=lambda file: file.stat().st_mtime_ns)
    kept = [json.loads(file.read_text()) for file in files]
    return [one for one in kept if one["to"] == [to]]


def wait(what, found, seconds=30):
    until = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)
    return answer


def mail(to, page, language, number=1):
    """The link of the mail about this page, after everything else of the mail was judged."""

    def arrived():
        taken = [one for one in tries(to) if one["taken"] and f"/{page}#" in read(one)[1].get_content()]
        return taken[number - 1] if len(taken) >= number else None

    kept = wait(f"{page} in {language} for {to}", arrived)
    message, text, html = read(kept)
    assert kept["tls"], "sent in the clear"
    assert kept["from"] == "avisos@aurora.example"
    assert message["Subject"] == SUBJECTS[page][language], message["Subject"]
    assert message["To"] == to and message["From"] == "Clínica Aurora <avisos@aurora.example>", message["From"]
    assert message["Message-ID"].endswith("@aurora.example>") and message["Content-Language"] == language
    assert message.get_content_type() == "multipart/alternative" and not message.defects
    parsed = Links()
    parsed.feed(html.get_content())
    assert parsed.language == language
    [link] = parsed.found
    assert link.startswith(f"{BASE}/{page}#token="), link
    assert link in text.get_content().split(), "the same link in the text"
    assert "{{" not in text.get_content() + html.get_content()
    return link


def read(kept):
    message = email.message_from_bytes(kept["content"].encode("ascii"), policy=email.policy.default)
    return message, message.get_body(("plain",)), message.get_body(("html",))


def token_of(link):
    return link.split("#token=", 1)[1]


def sign_up(address, locale="pt-BR", name="Ana <b>Luz</b>"):
    company = {"company_name": "Clínica & Filhos", "name": name, "email": address, "password": PASSWORD}
    return expect(201, call("POST", "/api/v1/auth/sign-up", company | {"locale": locale}))["access_token"]


def sign_in(address, password):
    return call("POST", "/api/v1/auth/sign-in", {"email": address, "password": password})


def invite(admin, address):
    expect(201, call("POST", "/api/v1/invitations", {"email": address, "role": "receptionist"}, admin))


def whole_way(locale):
    """Sign-up, reset and invitation in one language, each by the link of its mail."""
    address, guest = f"ana.{locale.lower()}@judges.example", f"bia.{locale.lower()}@judges.example"
    admin = sign_up(address, locale)
    verify = {"token": token_of(mail(address, "verify-email", locale))}
    expect(204, call("POST", "/api/v1/auth/email/verify", verify))
    assert call("POST", "/api/v1/auth/email/verify", verify)[0] >= 400, "a link works once"

    expect(202, call("POST", "/api/v1/auth/password/forgot", {"email": address}))
    reset = {"token": token_of(mail(address, "reset-password", locale)), "password": NEXT}
    expect((200, 204), call("POST", "/api/v1/auth/password/reset", reset))
    assert call("POST", "/api/v1/auth/password/reset", reset)[0] >= 400, "a link works once"
    assert sign_in(address, PASSWORD)[0] == 401
    admin = expect(200, sign_in(address, NEXT))["access_token"]

    invite(admin, guest)
    accept = {"token": token_of(mail(guest, "accept-invitation", locale)), "name": "Bia", "password": PASSWORD}
    expect((200, 201), call("POST", "/api/v1/invitations/accept", accept))
    assert call("POST", "/api/v1/invitations/accept", accept)[0] >= 400, "a link works once"
    expect(200, sign_in(guest, PASSWORD))


def what_is_refused():
    """A permanent refusal is a dead letter at once, a temporary one is tried again under the same Message-ID."""
    admin = sign_up("refused@judges.example")

    def dead():
        return expect(200, call("GET", "/api/v1/jobs/dead", token=admin))["items"]

    wait("the dead letter", dead, 10)
    assert not tries("refused@judges.example")

    sign_up("later@judges.example")
    wait("the second try", lambda: len(tries("later@judges.example")) == 2)
    first, second = [read(one)[0]["Message-ID"] for one in tries("later@judges.example")]
    assert first == second, (first, second)
    mail("later@judges.example", "verify-email", "pt-BR")


def nothing_for_nobody():
    before = len(list(FOLDER.glob("*.mail")))
    expect(202, call("POST", "/api/v1/auth/password/forgot", {"email": "nobody@judges.example"}))
    sign_up("after@judges.example")
    mail("after@judges.example", "verify-email", "pt-BR")
    assert len(list(FOLDER.glob("*.mail"))) == before + 1, "a mail to nobody"


def links_for_a_browser():
    address, guest = "page@judges.example", "guest@judges.example"
    admin = sign_up(address, "fr", "Chloé")
    verify = mail(address, "verify-email", "fr")
    other = sign_up("other@judges.example", "fr", "Denis")
    expect(204, call("POST", "/api/v1/auth/email/verify", {"token": token_of(mail("other@judges.example", "verify-email", "fr"))}))
    expect(202, call("POST", "/api/v1/auth/password/forgot", {"email": "other@judges.example"}))
    reset = mail("other@judges.example", "reset-password", "fr")
    invite(other, guest)
    invite(other, address)
    links = {
        "verify": verify,
        "reset": {"email": "other@judges.example", "link": reset},
        "invited": {"email": guest, "link": mail(guest, "accept-invitation", "fr")},
        "known": {"email": address, "password": PASSWORD, "link": mail(address, "accept-invitation", "fr")},
    }
    (FOLDER / "links.json").write_text(json.dumps(links))


for language in ("pt-BR", "fr", "en"):
    whole_way(language)
what_is_refused()
nothing_for_nobody()
links_for_a_browser()
print("mails: three kinds in three languages arrived over STARTTLS, and their links worked; refusals were kept to")
