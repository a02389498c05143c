"""What every script begins with: a connection in the transport that the test names.

The arguments of a script are: transport (plain, starttls or tls), host, port, user,
password, the file of the authority to trust (empty: trust anybody), the server's
process id. A script that ends well prints "ok"; one that does not ends in an exception.
"""

import imaplib
import re
import ssl
import sys

TRANSPORT, HOST, PORT, USER, PASSWORD, TRUST, PID = sys.argv[1:8]

imaplib.Debug = 4  # the conversation, on standard error
imaplib.Commands["ID"] = ("NONAUTH", "AUTH", "SELECTED")


def tls():
    if TRUST:
        return ssl.create_default_context(cafile=TRUST)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect():
    """A connection before login."""
    if TRANSPORT == "tls":
        return imaplib.IMAP4_SSL(HOST, int(PORT), ssl_context=tls(), timeout=20)
    c = imaplib.IMAP4(HOST, int(PORT), timeout=20)
    if TRANSPORT == "starttls":
        ok(c.starttls(tls()))
    return c


def login():
    """A connection after login."""
    c = connect()
    ok(c.login(USER, PASSWORD))
    assert c.state == "AUTH", c.state
    return c


def ok(reply):
    """The data of a reply that must be OK."""
    assert reply[0] == "OK", reply
    return reply[1]


def no(reply, code=""):
    """The text of a reply that must be NO, with a response code."""
    assert reply[0] == "NO", reply
    text = reply[1][0].decode()
    assert text.startswith(code), reply
    return text


def refused(call, *args):
    """Calls what must be answered NO or BAD, and returns the text."""
    try:
        typ, data = call(*args)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as err:
        return str(err)
    assert typ == "NO", (typ, data)
    return str(data)


def pretend(c, state):
    """Makes imaplib send what it believes to be illegal now."""
    c.state = state


def equal(got, want):
    assert got == want, "got %r, want %r" % (got, want)


def match(pattern, text):
    """The match of a pattern that the whole text must match."""
    m = re.fullmatch(pattern, text, re.DOTALL)
    assert m, "%r does not match %r" % (text, pattern)
    return m


def literal(data):
    """The one string that a FETCH of one section brought, whatever its form."""
    for part in data:
        if isinstance(part, tuple):
            return part[1]
    quoted = re.search(rb' "((?:[^"\\]|\\.)*)"\)?', data[0])
    assert quoted, data
    return re.sub(rb"\\(.)", rb"\1", quoted.group(1))


def flags(data):
    """The flags in a FETCH response, in order of their names."""
    return sorted(f.decode() for f in imaplib.ParseFlags(data))


def listed(data):
    """Names → attributes from LIST or LSUB responses."""
    names = {}
    for line in data:
        if line is None:
            continue
        assert isinstance(line, bytes), line
        m = match(rb'\(([^)]*)\) (?:"(?:[^"\\]|\\.)"|NIL) (?:"((?:[^"\\]|\\.)*)"|([^ ]+))', line)
        name = m.group(3) if m.group(2) is None else re.sub(rb"\\(.)", rb"\1", m.group(2))
        names[name.decode()] = m.group(1).decode().split()
    return names


def expunge(view, data):
    """Removes from a list what EXPUNGE responses say, each as of the one before."""
    for number in data:
        if number is not None:
            del view[int(number) - 1]


def status(c, mailbox, items):
    """STATUS as a dictionary of numbers."""
    line = ok(c.status(mailbox, items))[0].decode()
    fields = line[line.rindex("(") + 1 : line.rindex(")")].split()
    return dict(zip(fields[::2], map(int, fields[1::2])))


def add(c, subject, mailbox="INBOX", flag=None, date=None, body="text"):
    """Appends a small message."""
    message = "From: ann@example.org\r\nSubject: %s\r\n\r\n%s\r\n" % (subject, body)
    return ok(c.append(mailbox, flag, date, message.encode()))


def finish(*connections):
    """Logs out, which must bring BYE, and says that all went well."""
    for c in connections:
        typ, data = c.logout()
        assert typ == "BYE", (typ, data)
    print("ok")
