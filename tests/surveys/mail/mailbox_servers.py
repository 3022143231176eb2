"""Small POP3 and IMAP servers for the tests: real sockets and the commands that reading a mailbox needs."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

USER, PASSWORD = "returns@mail.example", "p@ss:w/rd"


class Mails:
    """The mails of one mailbox by their lasting number, with what was done to them."""

    def __init__(self, contents: list[bytes]):
        self.contents = {f"u{number}": content for number, content in enumerate(contents, 1)}
        self.seen: set[str] = set()
        self.n_read = 0


class Pop3(socketserver.StreamRequestHandler):
    """RFC 1939 as far as poplib uses it; what is deleted goes when the client says QUIT."""

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def handle(self) -> None:
        mails: Mails = self.server.mails  # type: ignore[attr-defined]
        uids, gone, user = list(mails.contents), set(), ""
        self.say(b"+OK ready")
        for raw in self.rfile:
            name, _blank, rest = raw.decode().strip().partition(" ")
            if name == "USER":
                user = rest
                self.say(b"+OK")
            elif name == "PASS":
                if (user, rest) != (USER, PASSWORD):
                    self.say(b"-ERR no")
                    return
                self.say(b"+OK")
            elif name == "UIDL":
                self.say(b"+OK", *(f"{n} {uid}".encode() for n, uid in enumerate(uids, 1)), b".")
            elif name == "TOP":
                mails.n_read += 1
                lines = mails.contents[uids[int(rest.split()[0]) - 1]].splitlines()
                self.say(b"+OK", *(b"." + line if line.startswith(b".") else line for line in lines), b".")
            elif name == "DELE":
                gone.add(uids[int(rest) - 1])
                self.say(b"+OK")
            elif name == "QUIT":
                mails.contents = {uid: text for uid, text in mails.contents.items() if uid not in gone}
                self.say(b"+OK")
                return


class Imap(socketserver.StreamRequestHandler):
    """RFC 3501 as far as imaplib uses it."""

    def handle(self) -> None:
        self.mails: Mails = self.server.mails  # type: ignore[attr-defined]
        self.deleted: set[str] = set()
        self.wfile.write(b"* OK ready\r\n")
        for raw in self.rfile:
            tag, name, *rest = raw.decode().strip().split(" ", 2)
            answer = self.answer(name.upper(), rest[0] if rest else "")
            self.wfile.write(f"{tag} {answer}\r\n".encode())
            if name.upper() == "LOGOUT":
                return

    def answer(self, name: str, rest: str) -> str:
        mails = self.mails
        if name == "CAPABILITY":
            self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif name == "LOGIN" and rest not in {f'{USER} "{PASSWORD}"', f'"{USER}" "{PASSWORD}"'}:
            return "NO wrong"
        elif name == "SELECT":
            self.wfile.write(f"* {len(mails.contents)} EXISTS\r\n".encode())
        elif name == "UID":
            self.uid(rest)
        elif name == "EXPUNGE":
            mails.contents = {uid: text for uid, text in mails.contents.items() if uid not in self.deleted}
        elif name == "LOGOUT":
            self.wfile.write(b"* BYE\r\n")
        return "OK done"

    def uid(self, rest: str) -> None:
        mails = self.mails
        name, _blank, more = rest.partition(" ")
        if name == "SEARCH":
            new = " ".join(uid[1:] for uid in mails.contents if uid not in mails.seen)
            self.wfile.write(f"* SEARCH {new}\r\n".encode())
        elif name == "FETCH":
            mails.n_read += 1
            number = more.split(" ")[0]
            size = int(re.findall(r"<0\.(\d+)>", more)[0])
            content = mails.contents[f"u{number}"][:size]
            head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}\r\n"
            self.wfile.write(head.encode() + content + b")\r\n")
        elif name == "STORE":
            number = more.split(" ")[0]
            mails.seen.add(f"u{number}")
            if "Deleted" in more:
                self.deleted.add(f"u{number}")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    mails: Mails


@contextmanager
def mailbox_server(kind: str, contents: list[bytes]) -> Iterator[tuple[str, Mails]]:
    """Serve a mailbox and yield its address, with a password that has to be quoted, and its mails."""
    handler: Any = {"pop3": Pop3, "imap": Imap}[kind]
    with _Server(("127.0.0.1", 0), handler) as server:
        server.mails = Mails(contents)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            port = server.server_address[1]
            yield f"{kind}://returns%40mail.example:p%40ss%3Aw%2Frd@127.0.0.1:{port}", server.mails
        finally:
            server.shutdown()
            thread.join()
