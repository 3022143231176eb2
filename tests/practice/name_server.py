"""A small DNS server on the loopback interface, with the records a test writes down."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingUDPServer
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], list[str]]


@contextmanager
def name_server(settings: Any, records: Records, *, refuses: bool = False) -> Iterator[None]:
    """Answer with `records`, (name, type) -> texts as zone files write them; the installation asks nobody else."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            content, line = self.request
            asked = dns.message.from_wire(content)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            question = asked.question[0]
            name = str(question.name).rstrip(".").lower()
            found = records.get((name, dns.rdatatype.to_text(question.rdtype)))
            if refuses:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif found:
                answer.answer.append(
                    dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, found)
                )
            elif not any(known == name for known, _kind in records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            line.sendto(answer.to_wire(), self.client_address)

    server = ThreadingUDPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.MAIL_DNS_SERVERS = [f"127.0.0.1:{server.server_address[1]}"]
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
