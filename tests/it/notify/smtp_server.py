"""A real SMTP server for the tests of the mail channel.

Arguments: mode (starttls, tls, plain), certificate, key. Prints one JSON line with its port, then
one for every mail it takes. It ends when its standard input is closed.

The recipient chooses what happens: busy@ 451, gone@ 550, full@ 552 after the content, lost@ the
connection breaks after the content, slow@ no answer. The sender denied@ is refused. Whoever signs
in is handoff with the password right.
"""

import asyncio
import base64
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("denied@"):
            return "553 5.7.1 " + address + " may not send"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("busy@"):
            return "451 4.3.0 " + address + " try later"
        if address.startswith("gone@"):
            return "550 5.1.1 " + address + " no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("full@"):
            return "552 5.2.2 " + to + " mailbox full"
        if to.startswith("slow@"):
            await asyncio.sleep(60)
        say(
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            content=base64.b64encode(envelope.original_content).decode(),
            tls=session.ssl is not None or MODE == "tls",
            user=session.auth_data if session.authenticated else None,
        )
        if to.startswith("lost@"):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    good = (user, password) == ("handoff", "right")
    return AuthResult(success=good, handled=False, auth_data=user)


# Clients that hang up are what the tests are about.
logging.disable()
MODE, CERTIFICATE, KEY = sys.argv[1:4]


async def main():
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY)

    def session():
        return SMTP(
            Handler(),
            authenticator=authenticate,
            auth_require_tls=MODE == "starttls",
            tls_context=context if MODE == "starttls" else None,
            require_starttls=MODE == "starttls",
            loop=loop,
        )

    server = await loop.create_server(
        session, "127.0.0.1", 0, ssl=context if MODE == "tls" else None
    )
    say(port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
