"""Two connections on one folder: each hears at its next command what the other did."""

from session import *


def heard(c, name):
    """What arrived under a name since the last call."""
    data = c.response(name)[1]
    return [] if data == [None] else data


def quiet(c):
    for name in ("EXISTS", "RECENT", "EXPUNGE", "FETCH", "FLAGS"):
        heard(c, name)


a, b = login(), login()
for n in range(1, 5):
    add(a, "m%d" % n)
ok(a.create("Archive"))
for c in (a, b):
    equal(ok(c.select()), [b"4"])
    quiet(c)

# Flags, both ways, and to the sender with .SILENT only what the other did.
ok(a.store("2", "+FLAGS.SILENT", "(\\Flagged)"))
equal(heard(a, "FETCH"), [])
ok(b.noop())
told = heard(b, "FETCH")
equal(len(told), 1)
match(rb"2 \(.*", told[0])
assert "\\Flagged" in flags(told[0]), told
ok(b.store("3", "+FLAGS", "(label)"))
ok(a.noop())
told = heard(a, "FETCH")
assert any(t.startswith(b"3 ") and "label" in flags(t) for t in told), told
quiet(b)

# What is appended, or copied in, is announced.
add(b, "m5")
equal(heard(b, "EXISTS")[-1:], [b"5"])
ok(a.noop())
equal(heard(a, "EXISTS")[-1:], [b"5"])
ok(a.copy("1", "INBOX"))
ok(b.noop())
equal(heard(b, "EXISTS")[-1:], [b"6"])
quiet(a)

# What is expunged keeps its number for the other until it has been told.
uids = ok(b.uid("SEARCH", "ALL"))[0].split()
quiet(b)
ok(a.store("1", "+FLAGS.SILENT", "(\\Deleted)"))
equal(ok(a.expunge()), [b"1"])
for number in (3, 6):
    data = ok(b.fetch(str(number), "(UID)"))
    equal(heard(b, "EXPUNGE"), [])
    assert b"%d (UID %s)" % (number, uids[number - 1]) in data, (number, data, uids)
ok(b.store("4", "+FLAGS", "(\\Answered)"))
equal(heard(b, "EXPUNGE"), [])
ok(b.search(None, "ANSWERED"))
equal(heard(b, "EXPUNGE"), [])
ok(b.noop())
equal(heard(b, "EXPUNGE"), [b"1"])
equal(ok(b.search(None, "ANSWERED")), [b"3"])
equal(ok(b.uid("SEARCH", "ALL"))[0].split(), uids[1:])

# What is moved away is gone for both, and arrives elsewhere.
quiet(a)
quiet(b)
ok(b.uid("MOVE", uids[2].decode(), "Archive"))
equal(heard(b, "EXPUNGE"), [b"2"])
ok(a.noop())
equal(heard(a, "EXPUNGE"), [b"2"])
equal(status(a, "Archive", "(MESSAGES)"), {"MESSAGES": 1})

# Both delete what is left, each some; in the end both see the same nothing.
ok(a.store("1:2", "+FLAGS.SILENT", "(\\Deleted)"))
ok(b.store("3:4", "+FLAGS.SILENT", "(\\Deleted)"))
left = ok(a.uid("SEARCH", "ALL"))[0].split()
equal(len(left), 4)
views = [list(left), list(left)]
expunge(views[0], ok(a.expunge()))
ok(b.noop())
expunge(views[1], heard(b, "EXPUNGE"))
equal(views, [[], []])
for c in (a, b):
    equal(ok(c.search(None, "ALL")), [b""])
equal(status(a, "Archive", "(MESSAGES)"), {"MESSAGES": 1})
finish(a, b)
