"""Every method of poplib, against three messages.

The arguments are: transport (plain, starttls or tls), host, port, user, password, the
file of the authority to trust. A script that ends well prints "ok"; one that does not
ends in an exception.
"""

import poplib
import ssl
import sys

TRANSPORT, HOST, PORT, USER, PASSWORD, TRUST = sys.argv[1:7]

# In the header of the second message, and of no other.
SECOND = b"Subject: two parts"


def connect():
    context = ssl.create_default_context(cafile=TRUST)
    if TRANSPORT == "tls":
        return poplib.POP3_SSL(HOST, int(PORT), context=context, timeout=20)
    c = poplib.POP3(HOST, int(PORT), timeout=20)
    if TRANSPORT == "starttls":
        assert "STLS" in c.capa(), c.capa()
        c.stls(context)
        assert "STLS" not in c.capa(), c.capa()
    return c


def login():
    c = connect()
    c.user(USER)
    c.pass_(PASSWORD)
    return c


def refused(call, *args):
    """The answer to what must be refused."""
    try:
        answer = call(*args)
    except poplib.error_proto as err:
        return err.args[0]
    raise AssertionError("%r succeeds: %r" % (args, answer))


def equal(got, want):
    assert got == want, "got %r, want %r" % (got, want)


c = connect()
assert c.getwelcome().startswith(b"+OK "), c.getwelcome()
capa = c.capa()
for name in ("TOP", "UIDL", "USER", "SASL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE", "UTF8", "LANG", "IMPLEMENTATION"):
    assert name in capa, (name, capa)
equal(capa["EXPIRE"], ["NEVER"])
assert "PLAIN" in capa["SASL"], capa
refused(c.stat)
c.user(USER)
assert b"[AUTH]" in refused(c.pass_, "wrong")
c.utf8()
c.user(USER)
assert b"3 messages" in c.pass_(PASSWORD)

count, size = c.stat()
equal(count, 3)
_, lines, _ = c.list()
equal([int(l.split()[0]) for l in lines], [1, 2, 3])
equal(sum(int(l.split()[1]) for l in lines), size)
equal(c.list(3).split()[1:], [b"3", b"7"])
for n in (1, 2, 3):
    answer, lines, octets = c.retr(n)
    listed = int(c.list(n).split()[2])
    equal(octets, listed)
    equal(len(b"\r\n".join(lines)) + 2, listed)
    equal(answer, b"+OK %d octets" % listed)
assert SECOND in c.retr(2)[1]
_, lines, _ = c.top(2, 0)
equal(lines[-1], b"")
assert SECOND in lines
equal(c.top(2, 2)[1][: len(lines)], lines)
equal(len(c.top(2, 2)[1]), len(lines) + 2)

_, ids, _ = c.uidl()
ids = [l.split()[1] for l in ids]
equal(len(set(ids)), 3)
equal(c.uidl(2).split()[1:], [b"2", ids[1]])
c.noop()
for call in (c.retr, c.list, c.dele, c.uidl):
    refused(call, 4)
refused(c.top, 4, 1)

c.dele(1)
refused(c.retr, 1)
refused(c.dele, 1)
equal(c.stat()[0], 2)
c.rset()
equal(c.stat(), (count, size))
c.dele(1)

# The maildrop is locked.
other = connect()
other.user(USER)
assert b"[IN-USE]" in refused(other.pass_, PASSWORD)

# Without QUIT nothing is removed.
c.close()
for _ in range(1000):
    try:
        c = login()
        break
    except poplib.error_proto as err:
        assert b"[IN-USE]" in err.args[0], err
equal(c.stat(), (count, size))
c.dele(2)
c.quit()

other.user(USER)
other.pass_(PASSWORD)
equal([l.split()[1] for l in other.uidl()[1]], [ids[0], ids[2]])
other.quit()

if TRANSPORT != "starttls":
    c = connect()
    assert b"[AUTH]" in refused(c.apop, USER, "wrong")
    c.close()
    c = connect()
    c.apop(USER, PASSWORD)
    equal(c.stat()[0], 2)
    c.quit()
print("ok")
