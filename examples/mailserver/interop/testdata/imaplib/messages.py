"""append, fetch in all its items, uid FETCH, recent, partial sections."""

import time

from session import *

HEADER = (
    b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    b'From: "Ann Example" <ann@example.org>\r\n'
    b"To: bob@example.org, Carol <carol@example.com>\r\n"
    b"Subject: a message in parts\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="outer"\r\n'
    b"\r\n"
)
FIRST = b"First part.\r\nGr=C3=BC=C3=9Fe."
FIRST_MIME = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
INNER_HEADER = b"From: inner@example.org\r\nSubject: inside\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
INNER_TEXT = (
    b"--inner\r\n\r\nplain\r\n--inner\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n--inner--\r\n"
)
INNER_MIME = b"Content-Type: message/rfc822\r\n\r\n"
PICTURE = b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
PICTURE_MIME = b"Content-Type: image/gif; name=dot.gif\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=dot.gif\r\n\r\n"
TEXT = (
    b"--outer\r\n" + FIRST_MIME + FIRST + b"\r\n"
    b"--outer\r\n" + INNER_MIME + INNER_HEADER + INNER_TEXT + b"\r\n"
    b"--outer\r\n" + PICTURE_MIME + PICTURE + b"\r\n"
    b"--outer--\r\n"
)
MESSAGE = HEADER + TEXT

c = login()

# APPEND: with everything, with nothing, large, with every octet but NUL, and to nowhere.
date = '"01-Apr-2001 08:09:10 +0200"'
m = match(rb"\[APPENDUID (\d+) (\d+)\].*", ok(c.append("INBOX", "(\\Seen \\Flagged $Label1)", date, MESSAGE))[0])
validity, first = m.group(1), int(m.group(2))
before = time.time()
m = match(rb"\[APPENDUID (\d+) (\d+)\].*", add(c, "small")[0])
equal(m.group(1), validity)
assert int(m.group(2)) > first
large = b"Subject: large\r\n\r\n" + b"".join(b"%d: %s\r\n" % (i, b"x" * (i % 200)) for i in range(20000))
ok(c.append("INBOX", None, None, large))
octets = b"Subject: octets\r\n\r\n" + bytes(b for b in range(1, 256) if b not in (10, 13)) + b"\r\n"
ok(c.append("INBOX", "\\Draft", time.localtime(1000000000), octets))
no(c.append("Nowhere", None, None, b"Subject: lost\r\n\r\n"), "[TRYCREATE]")
refused(c.append, "INBOX", None, '"31-Foo-2001 08:09:10 +0200"', b"Subject: lost\r\n\r\n")

equal(ok(c.select()), [b"4"])
equal(c.response("UIDVALIDITY")[1], [validity])
c.response("RECENT")

# Bodies come back octet for octet.
for number, message in (("1", MESSAGE), ("3", large), ("4", octets)):
    equal(literal(ok(c.fetch(number, "(BODY.PEEK[])"))), message)
    size = match(rb"\d+ \(RFC822.SIZE (\d+)\)", ok(c.fetch(number, "(RFC822.SIZE)"))[0]).group(1)
    equal(int(size), len(message))

# Every kind of section.
for section, want in (
    ("RFC822", MESSAGE),
    ("RFC822.HEADER", HEADER),
    ("RFC822.TEXT", TEXT),
    ("BODY[]", MESSAGE),
    ("BODY.PEEK[HEADER]", HEADER),
    ("BODY.PEEK[TEXT]", TEXT),
    ("BODY.PEEK[HEADER.FIELDS (subject MESSAGE-ID X-None)]", b"Subject: a message in parts\r\nMessage-ID: <1@example.org>\r\n\r\n"),
    ("BODY.PEEK[HEADER.FIELDS (X-None)]", b"\r\n"),
    (
        "BODY.PEEK[HEADER.FIELDS.NOT (Date From To Content-Type)]",
        b"Subject: a message in parts\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n\r\n",
    ),
    ("BODY.PEEK[1]", FIRST),
    ("BODY.PEEK[1.MIME]", FIRST_MIME),
    ("BODY.PEEK[2]", INNER_HEADER + INNER_TEXT),
    ("BODY.PEEK[2.MIME]", INNER_MIME),
    ("BODY.PEEK[2.HEADER]", INNER_HEADER),
    ("BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]", b"Subject: inside\r\n\r\n"),
    ("BODY.PEEK[2.TEXT]", INNER_TEXT),
    ("BODY.PEEK[2.1]", b"plain"),
    ("BODY.PEEK[2.2]", b"<b>bold</b>"),
    ("BODY.PEEK[2.2.MIME]", b"Content-Type: text/html\r\n\r\n"),
    ("BODY.PEEK[3]", PICTURE),
    ("BODY.PEEK[3.MIME]", PICTURE_MIME),
    ("BODY.PEEK[]<0.10>", MESSAGE[:10]),
    ("BODY.PEEK[]<100.50>", MESSAGE[100:150]),
    ("BODY.PEEK[TEXT]<20.1000000>", TEXT[20:]),
    ("BODY.PEEK[1]<5.4>", FIRST[5:9]),
    ("BODY.PEEK[]<1000000.10>", b""),
):
    data = ok(c.fetch("1", "(%s)" % section))
    equal((section, literal(data)), (section, want))
    equal((section, literal(ok(c.uid("FETCH", str(first), section)))), (section, want))

# BODY[] names the section and the origin in its answer.
head = ok(c.fetch("3", "(BODY.PEEK[TEXT]<7.300>)"))[0][0]
match(rb"3 \(BODY\[TEXT\]<7> \{300\}", head)

# \Seen is set by what reads a body and not by what peeks.
for item, seen in (
    ("BODY.PEEK[]", 0),
    ("RFC822.HEADER", 0),
    ("BODY.PEEK[TEXT]", 0),
    ("ENVELOPE", 0),
    ("BODY[TEXT]<0.1>", 1),
    ("BODY[HEADER]", 1),
    ("RFC822", 1),
    ("RFC822.TEXT", 1),
):
    ok(c.store("2", "FLAGS.SILENT", "()"))
    ok(c.fetch("2", "(%s)" % item))
    c.response("FETCH")
    equal((item, flags(ok(c.fetch("2", "(FLAGS)"))[0]).count("\\Seen")), (item, seen))

# ENVELOPE, BODY and BODYSTRUCTURE.
envelope = b" ".join(part if isinstance(part, bytes) else b"".join(part) for part in ok(c.fetch("1", "(ENVELOPE)")))
ann = b'(("Ann Example" NIL "ann" "example.org"))'
match(
    rb"1 \(ENVELOPE \("
    + re.escape(
        b'"Mon, 7 Feb 1994 21:52:25 -0800" "a message in parts" %s %s %s '
        b'((NIL NIL "bob" "example.org")("Carol" NIL "carol" "example.com")) NIL NIL NIL "<1@example.org>"' % (ann, ann, ann)
    )
    + rb"\)\)",
    envelope,
)
body = ok(c.fetch("1", "(BODY)"))[0].upper()
structure = ok(c.fetch("1", "(BODYSTRUCTURE)"))[0].upper()
for text in (body, structure):
    equal(text.count(b"("), text.count(b")"))
    assert b'("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "QUOTED-PRINTABLE" %d ' % len(FIRST) in text, text
    assert b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" %d (' % len(INNER_HEADER + INNER_TEXT) in text, text
    assert b'("TEXT" "HTML" ' in text and b'"ALTERNATIVE"' in text, text
    assert b'("IMAGE" "GIF" ("NAME" "DOT.GIF") NIL NIL "BASE64" %d' % len(PICTURE) in text, text
assert b'"BOUNDARY"' not in body, body
assert b'("BOUNDARY" "OUTER")' in structure, structure
assert b'("ATTACHMENT" ("FILENAME" "DOT.GIF"))' in structure, structure

# INTERNALDATE as given, and the clock's when nothing was given.
for number, low, high in (("1", 986105350, 986105350), ("2", before - 2, time.time() + 2), ("4", 1000000000, 1000000000)):
    when = time.mktime(imaplib.Internaldate2tuple(ok(c.fetch(number, "(INTERNALDATE)"))[0]))
    assert low <= when <= high, (number, low, when, high)

# Macros, several items, several messages.
for macro, items in (
    ("FAST", (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE")),
    ("ALL", (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE")),
    ("FULL", (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY")),
):
    text = ok(c.fetch("1", macro))[0]
    for item in items:
        assert item + b" " in text, (macro, item, text)
equal(len(ok(c.fetch("1:*", "(FLAGS UID)"))), 4)
equal(len(ok(c.fetch("4,2:3,2", "UID"))), 3)
equal(len(ok(c.fetch("*", "(UID)"))), 1)
for line in ok(c.uid("FETCH", "1:*", "(FLAGS)")):
    match(rb"\d+ \(.*UID \d+.*\)", line)
equal(ok(c.uid("FETCH", "99999", "(FLAGS)")), [None])
refused(c.fetch, "99", "(FLAGS)")
refused(c.fetch, "0", "(FLAGS)")
refused(c.fetch, "1", "(NOTHING)")
refused(c.fetch, "1", "BODY[TEXT")

# New messages are recent to the session that hears of them first.
add(c, "another")
equal(ok(c.recent())[-1:], [b"5"])
ok(c.noop())
equal(flags(ok(c.fetch("5", "(FLAGS)"))[0]), ["\\Recent"])
finish(c)
