"""The sample mail, read by two: what the server says about the structure of a message is
what Python's email package finds in its octets."""

import email
import email.policy

from session import *

c = login()
count = int(ok(c.select("INBOX", readonly=True))[0])
folders = listed(ok(c.list()))
total = 0


def parts(message, number=""):
    """The section numbers of the leaves, RFC 3501 §6.4.5, each with its part."""
    if message.get_content_type() == "message/rfc822" and number:
        yield number, None
        inner = message.get_payload(0)
        if inner.is_multipart() and inner.get_content_maintype() == "multipart":
            yield from parts(inner, number)
        else:
            yield number + ".1", inner
    elif message.get_content_maintype() == "multipart" and message.is_multipart():
        for i, part in enumerate(message.get_payload(), 1):
            yield from parts(part, "%s.%d" % (number, i) if number else str(i))
    else:
        yield number or "1", message


for name, attributes in folders.items():
    if "\\Noselect" in attributes or "\\NonExistent" in attributes:
        continue
    for number in range(1, int(ok(c.select('"%s"' % name, readonly=True))[0]) + 1):
        total += 1
        octets = literal(ok(c.fetch(str(number), "(BODY.PEEK[])")))
        size = match(rb"\d+ \(RFC822.SIZE (\d+)\)", ok(c.fetch(str(number), "(RFC822.SIZE)"))[0]).group(1)
        equal(int(size), len(octets))
        header = literal(ok(c.fetch(str(number), "(BODY.PEEK[HEADER])")))
        equal(header + literal(ok(c.fetch(str(number), "(BODY.PEEK[TEXT])"))), octets)
        message = email.message_from_bytes(octets, policy=email.policy.compat32)
        leaves = [(n, p) for n, p in parts(message) if p is not None and p.get_content_maintype() != "message"]
        for section, part in leaves:
            payload = part._payload  # as it stands in the message, still encoded
            if not isinstance(payload, str):
                continue
            got = literal(ok(c.fetch(str(number), "(BODY.PEEK[%s])" % section)))
            want = payload.encode("ascii", "surrogateescape")
            equal((name, number, section, got.rstrip(b"\r\n")), (name, number, section, want.rstrip(b"\r\n")))
        data = ok(c.fetch(str(number), "(BODYSTRUCTURE)"))
        text = b"".join(p if isinstance(p, bytes) else b"".join(p) for p in data).upper()
        for _, part in leaves:
            kind = b'"%s" "%s"' % (part.get_content_maintype().upper().encode(), part.get_content_subtype().upper().encode())
            assert kind in text, (name, number, kind, text)
        ok(c.fetch(str(number), "(ENVELOPE BODY INTERNALDATE)"))

assert count >= 1, count
assert total >= 24, "only %d sample messages" % total
finish(c)
