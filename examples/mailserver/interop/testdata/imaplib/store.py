"""store and uid STORE in all forms, copy, uid COPY, uid MOVE, MOVE, expunge, uid EXPUNGE."""

from session import *


def set_of(c, number):
    return [f for f in flags(ok(c.fetch(number, "(FLAGS)"))[0]) if f != "\\Recent"]


def uids(c):
    return ok(c.uid("SEARCH", "ALL"))[0].split()


def subjects(c, mailbox):
    """The subjects in a folder, in order, by way of another SELECT."""
    count = int(ok(c.select(mailbox, readonly=True))[0])
    found = []
    for number in range(1, count + 1):
        header = literal(ok(c.fetch(str(number), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")))
        found.append(match(rb"Subject: (.*)\r\n\r\n", header).group(1).decode())
    return found


c = login()
for n in range(1, 9):
    add(c, "m%d" % n)
equal(ok(c.select()), [b"8"])
for name in ("EXISTS", "RECENT", "FLAGS", "FETCH"):
    c.response(name)

# STORE replaces, adds and removes; the answer carries the flags.
data = ok(c.store("1", "FLAGS", "(\\Seen \\Answered)"))
assert {"\\Seen", "\\Answered"} <= set(flags(data[0])), data
equal(set_of(c, "1"), ["\\Answered", "\\Seen"])
ok(c.store("1", "+FLAGS", "\\Flagged"))
equal(set_of(c, "1"), ["\\Answered", "\\Flagged", "\\Seen"])
ok(c.store("1", "-FLAGS", "(\\Answered \\Draft)"))
equal(set_of(c, "1"), ["\\Flagged", "\\Seen"])
ok(c.store("1", "FLAGS", "()"))
equal(set_of(c, "1"), [])
equal(len(ok(c.store("1:3", "+FLAGS", "(\\Draft)"))), 3)

# .SILENT does it without an answer.
for command, want in (("FLAGS.SILENT", ["\\Seen"]), ("+FLAGS.SILENT", ["\\Flagged", "\\Seen"]), ("-FLAGS.SILENT", ["\\Flagged"])):
    flag = "\\Flagged" if command[0] == "+" else "\\Seen"
    equal(ok(c.store("4", command, flag)), [None])
    equal(set_of(c, "4"), want)

# Keywords, in any letters.
ok(c.store("5", "+FLAGS", "(urgent $Forwarded NonJunk)"))
equal(set_of(c, "5"), ["$Forwarded", "NonJunk", "urgent"])
ok(c.store("5", "-FLAGS", "URGENT"))
equal(set_of(c, "5"), ["$Forwarded", "NonJunk"])
refused(c.store, "5", "+FLAGS", "(\\Recent)")
refused(c.store, "99", "+FLAGS", "(\\Seen)")

# UID STORE answers with the UID, and nothing for a UID that is not there.
numbers = uids(c)
data = ok(c.uid("STORE", numbers[5].decode(), "+FLAGS", "(\\Seen)"))
assert b"UID " + numbers[5] in data[0], data
equal(ok(c.uid("STORE", "99999", "+FLAGS", "(\\Seen)")), [None])

# COPY keeps flags and dates and says what became what.
no(c.copy("1", "Archive"), "[TRYCREATE]")
ok(c.create("Archive"))
ok(c.store("2", "FLAGS.SILENT", "(\\Flagged keep)"))
date = ok(c.fetch("2", "(INTERNALDATE)"))[0]
m = match(rb"\[COPYUID \d+ (\S+) (\S+)\].*", ok(c.copy("1:2", "Archive"))[0])
equal(m.group(1), numbers[0] + b":" + numbers[1])
equal(m.group(2), b"1:2")
c.response("COPYUID")
ok(c.uid("COPY", numbers[2].decode(), "Archive"))
match(rb"\d+ %s 3" % numbers[2], c.response("COPYUID")[1][0])
equal(subjects(c, "Archive"), ["m1", "m2", "m3"])
equal(set_of(c, "2"), ["\\Flagged", "keep"])
equal(ok(c.fetch("2", "(INTERNALDATE)"))[0], date)

# EXPUNGE numbers each message as of the one before; UID EXPUNGE takes only those named.
ok(c.select())
ok(c.store("1:4", "+FLAGS.SILENT", "\\Deleted"))
ok(c.uid("EXPUNGE", numbers[1].decode() + "," + numbers[7].decode()))
equal(c.response("EXPUNGE")[1], [b"2"])
equal(uids(c), [numbers[0]] + numbers[2:])
view = uids(c)
expunge(view, ok(c.expunge()))
equal(view, numbers[4:])
equal(uids(c), view)
equal(ok(c.expunge()), [None])

# MOVE, by UID and by number: COPYUID before EXPUNGE, nothing left behind.
ok(c.uid("MOVE", numbers[6].decode(), "Archive"))
match(rb"\d+ %s 4" % numbers[6], c.response("COPYUID")[1][0])
equal(c.response("EXPUNGE")[1], [b"3"])
view = uids(c)
ok(c.xatom("MOVE", "1:2", "Archive"))
expunge(view, c.response("EXPUNGE")[1])
equal(view, [numbers[7]])
no(c.uid("MOVE", numbers[7].decode(), "Nowhere"), "[TRYCREATE]")
ok(c.uid("MOVE", "99999", "Archive"))
equal(uids(c), [numbers[7]])
equal(subjects(c, "INBOX"), ["m8"])
equal(subjects(c, "Archive"), ["m1", "m2", "m3", "m7", "m5", "m6"])
finish(c)
