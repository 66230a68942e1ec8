"""A real SMTP server for tests: STARTTLS with our own certificate, and signing in.

smtp.py FOLDER CERTIFICATE KEY

Prints its port on a line of its own, then puts every letter into FOLDER as NUMBER.eml, with the
receivers in X-RcptTo. Receivers that begin with "nobody" do not exist (550), with "later" are put
off (451). Name and password: zhuxue / right.
"""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = pathlib.Path(sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])


class Box:
    """Keeps letters."""

    letters = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        if address.startswith("later"):
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        Box.letters += 1
        head = f"X-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        part = folder / f".{Box.letters}.part"
        part.write_bytes(head + envelope.original_content)
        part.rename(folder / f"{Box.letters}.eml")
        return f"250 2.0.0 queued as {Box.letters}"


def authenticate(server, session, envelope, mechanism, data):
    is_right = data.login == b"zhuxue" and data.password == b"right"
    # Handled: aiosmtpd itself answers 535 then.
    return AuthResult(success=is_right, handled=False)


def session():
    return SMTP(
        Box(),
        hostname="localhost",
        enable_SMTPUTF8=True,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )


async def main():
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
