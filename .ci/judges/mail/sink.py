"""sink.py COMMAND...: runs the command beside an SMTP server on loopback that keeps each mail as a file in MAILS.

It speaks STARTTLS only, with the certificate in MAILS, and asks for credentials. What it does with a mail is said by
the address: `refused@…` is refused for good, `later@…` the first time only. The command gets SERVE_MORE, the settings
that have a server send its mails here.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import uuid
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

FOLDER = Path(os.environ["MAILS"])
USER, PASSWORD = "avisos@clínica.example", "p:ss/wörd"


class Keeper:
    """Keeps what is taken, and what was tried."""

    def __init__(self):
        self.tried = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        again = to.startswith("later@") and to not in self.tried
        self.tried.add(to)
        kept = {
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "tls": session.ssl is not None,
            "taken": not again,
            "content": envelope.content.decode("ascii"),
        }
        part = FOLDER / f"{uuid.uuid4()}.part"
        part.write_text(json.dumps(kept))
        part.rename(part.with_suffix(".mail"))
        return "451 4.2.0 try again later" if again else "250 kept"


def authenticated(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right)


def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
    sink = Controller(
        Keeper(),
        hostname="localhost",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticated,
    )
    sink.start()
    settings = [
        f"SMTP_URL=smtp://avisos%40cl%C3%ADnica.example:p%3Ass%2Fw%C3%B6rd@localhost:{port}?tls=required",
        "MAIL_FROM=Clínica Aurora <avisos@aurora.example>",
        f"SSL_CERT_FILE={FOLDER / 'ca.pem'}",
    ]
    try:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "SERVE_MORE": "\n".join(settings)}).returncode)
    finally:
        sink.stop()


main()
