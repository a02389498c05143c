"""QUOTA (RFC 9208): what imaplib asks of it, and a full account, on a server that gives
each user 4 KiB and 5 messages."""

from session import *


def usage(c):
    """What GETQUOTA tells, by resource: usage and limit."""
    line = ok(c.getquota('""'))[0].decode()
    fields = match(r'"" \((.*)\)', line).group(1).split()
    return {fields[i]: (int(fields[i + 1]), int(fields[i + 2])) for i in range(0, len(fields), 3)}


def raw(c, tag, octets):
    """Sends octets without waiting, and returns the tagged answer."""
    c.send(octets)
    while True:
        line = c.readline()
        assert line, "the server has gone"
        assert not line.startswith(b"+"), line
        if line.startswith(tag + b" "):
            return line[len(tag) + 1 :]


KIB = b"Subject: kib\r\n\r\n" + b"x" * (1024 - 16)
equal(len(KIB), 1024)

c = login()
announced = ok(c.capability())[0].decode().split()
for word in ("QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE", "QUOTA=RES-MAILBOX"):
    assert word in announced, (word, announced)
assert "QUOTASET" not in announced, announced
no(c.setquota('""', "(STORAGE 512)"), "[NOPERM]")
no(c.getquota("nosuch"), "[NONEXISTENT]")
equal(ok(c.getquotaroot("INBOX")), [[b'INBOX ""'], [b'"" (STORAGE 0 4 MESSAGE 0 5)']])
equal(ok(c.getquotaroot("not/yet/there")), [[b'not/yet/there ""'], [b'"" (STORAGE 0 4 MESSAGE 0 5)']])

# Full of octets.
ok(c.create("box"))
for n in range(3):
    ok(c.append("INBOX", None, None, KIB))
equal(usage(c), {"STORAGE": (3, 4), "MESSAGE": (3, 5)})
ok(c.append("INBOX", None, None, b"x"))
equal(usage(c), {"STORAGE": (4, 4), "MESSAGE": (4, 5)})  # rounded up
no(c.append("INBOX", None, None, KIB), "[OVERQUOTA]")
# Synchronising: there is no "+", and nothing to send.
answer = raw(c, b"q1", b"q1 APPEND INBOX {1024}\r\n")
assert answer.startswith(b"NO [OVERQUOTA]"), answer
# Not synchronising: what follows is no command.
answer = raw(c, b"q2", b"q2 APPEND INBOX {1024+}\r\n" + b"q3 LOGOUT\r\n".ljust(1024, b"x") + b"\r\n")
assert answer.startswith(b"NO [OVERQUOTA]"), answer
equal(status(c, "INBOX", "(MESSAGES SIZE)"), {"MESSAGES": 4, "SIZE": 3 * 1024 + 1})

# A move frees nothing and always works; a copy does not.
equal(ok(c.select()), [b"4"])
no(c.copy("1", "box"), "[OVERQUOTA]")
ok(c.uid("MOVE", "1", "box"))
equal(c.response("EXPUNGE")[1], [b"1"])
equal(usage(c), {"STORAGE": (4, 4), "MESSAGE": (4, 5)})

# Deleting makes room when it is expunged.
ok(c.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
equal(status(c, "INBOX", "(DELETED DELETED-STORAGE)"), {"DELETED": 1, "DELETED-STORAGE": 1024})
no(c.append("box", None, None, KIB), "[OVERQUOTA]")
equal(ok(c.expunge()), [b"1"])
equal(usage(c), {"STORAGE": (3, 4), "MESSAGE": (3, 5)})
ok(c.append("box", None, None, b"y" * 2047))
equal(usage(c), {"STORAGE": (4, 4), "MESSAGE": (4, 5)})
no(c.append("box", None, None, b"z"), "[OVERQUOTA]")

# Full of messages: the last is the fifth, and a warning comes before.
ok(c.store("1:*", "+FLAGS.SILENT", r"(\Deleted)"))
ok(c.expunge())
ok(c.append("INBOX", None, None, b""))
equal(c.untagged_responses.get("NO"), None)
ok(c.append("INBOX", None, None, b""))
equal(c.untagged_responses.get("NO"), [b"[ALERT] quota warning: MESSAGE 4 of 5"])
ok(c.append("INBOX", None, None, b""))
equal(c.untagged_responses.get("NO"), None)
no(c.append("INBOX", None, None, b""), "[OVERQUOTA]")
ok(c.delete("box"))
equal(usage(c), {"STORAGE": (0, 4), "MESSAGE": (3, 5)})
finish(c)
