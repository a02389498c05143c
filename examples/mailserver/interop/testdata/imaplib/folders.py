"""create, delete, rename, list, lsub, subscribe, unsubscribe, status, select, check,
unselect, close, response."""

from session import *

c = login()

# The delimiter, and INBOX in any letters.
m = match(rb'\(([^)]*)\) "(.)" ""', ok(c.list('""', '""'))[0])
assert b"\\Noselect" in m.group(1), m.group(1)
d = m.group(2).decode()
equal(list(listed(ok(c.list()))), ["INBOX"])
equal(list(listed(ok(c.list('""', "inbox")))), ["INBOX"])
no(c.create("inbox"))
no(c.delete("INBOX"))

# A tree, and what its names are when listed in parts.
child = "Projects" + d + "2024"
ok(c.create(child))
ok(c.create("Plans" + d))
names = listed(ok(c.list()))
equal(sorted(names), sorted(["INBOX", "Projects", child, "Plans"]))
assert "\\HasChildren" in names["Projects"], names
assert "\\HasNoChildren" in names["Plans"], names
assert "\\HasNoChildren" in names[child], names
equal(sorted(listed(ok(c.list('""', "%")))), ["INBOX", "Plans", "Projects"])
equal(list(listed(ok(c.list("Projects" + d, "%")))), [child])
equal(sorted(listed(ok(c.list('""', "P*")))), sorted(["Plans", "Projects", child]))
equal(listed(ok(c.list('""', "Nothing*"))), {})
no(c.create(child), "[ALREADYEXISTS]")

# Subscriptions are names, not folders.
equal(listed(ok(c.lsub())), {})
ok(c.subscribe("Plans"))
ok(c.subscribe(child))
ok(c.subscribe(child))
equal(sorted(listed(ok(c.lsub()))), sorted(["Plans", child]))
equal(sorted(listed(ok(c.lsub('""', "Pl*")))), ["Plans"])
ok(c.unsubscribe("Plans"))
equal(list(listed(ok(c.lsub()))), [child])

# RENAME takes the children along; INBOX gives its messages away and stays.
renamed = "Werke" + d + "2024"
ok(c.rename("Projects", "Werke"))
equal(sorted(listed(ok(c.list()))), sorted(["INBOX", "Plans", "Werke", renamed]))
no(c.rename("Projects", "Others"), "[NONEXISTENT]")
no(c.rename("Plans", "Werke"), "[ALREADYEXISTS]")
add(c, "one")
add(c, "two")
ok(c.rename("INBOX", "Old"))
equal(status(c, "Old", "(MESSAGES)"), {"MESSAGES": 2})
equal(status(c, "INBOX", "(MESSAGES)"), {"MESSAGES": 0})

# DELETE.
ok(c.delete(renamed))
ok(c.delete("Werke"))
no(c.delete("Werke"), "[NONEXISTENT]")
ok(c.delete("Plans"))
equal(sorted(listed(ok(c.list()))), ["INBOX", "Old"])

# Names that need care on their way: modified UTF-7, spaces, quotes, wildcards.
for wire, name in (
    ("Entw&APw-rfe", "Entw&APw-rfe"),
    ('"Two words"', "Two words"),
    ('"&U,BTFw- &ZeVnLIqe-"', "&U,BTFw- &ZeVnLIqe-"),
    ("this&-that", "this&-that"),
    ('"(brackets] {3}"', "(brackets] {3}"),
):
    ok(c.create(wire))
    assert name in listed(ok(c.list())), name
    equal(status(c, wire, "(MESSAGES)"), {"MESSAGES": 0})
    ok(c.select(wire))
    ok(c.unselect())
    ok(c.delete(wire))

# STATUS has all five items, of a folder that is not selected.
add(c, "one", flag="(\\Seen)")
add(c, "two")
s = status(c, "INBOX", "(MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
assert s.pop("UIDVALIDITY") > 0
uidnext = s.pop("UIDNEXT")
equal(s, {"MESSAGES": 2, "RECENT": 2, "UNSEEN": 1})
no(c.status("Nowhere", "(MESSAGES)"), "[NONEXISTENT]")
refused(c.status, "INBOX", "(NOTHING)")

# SELECT says what it must. imaplib gathers it as responses.
equal(ok(c.select()), [b"2"])
equal(c.state, "SELECTED")
equal(c.response("UIDNEXT")[1], [b"%d" % uidnext])
assert int(c.response("UIDVALIDITY")[1][0]) > 0
equal(c.response("RECENT")[1], [b"2"])
equal(c.response("UNSEEN")[1], [b"2"])
for flag in (b"\\Answered", b"\\Flagged", b"\\Deleted", b"\\Seen", b"\\Draft"):
    assert flag in c.untagged_responses["FLAGS"][0], c.untagged_responses
    assert flag in c.untagged_responses["PERMANENTFLAGS"][0], c.untagged_responses
assert b"\\Recent" not in c.response("PERMANENTFLAGS")[1][0]
ok(c.check())

# A failed SELECT leaves nothing selected.
no(c.select("Nowhere"), "[NONEXISTENT]")
equal(c.state, "AUTH")
pretend(c, "SELECTED")
refused(c.fetch, "1", "(FLAGS)")
pretend(c, "AUTH")

# EXAMINE changes nothing. The folder's \Recent belongs to the SELECT above.
ok(c.select(readonly=True))
equal(c.response("RECENT")[1], [b"0"])
ok(c.fetch("2", "(BODY[])"))
no(c.store("1", "+FLAGS", "\\Deleted"))
no(c.expunge())
ok(c.close())
ok(c.select())
equal(flags(ok(c.fetch("2", "(FLAGS)"))[0]).count("\\Seen"), 0)

# UNSELECT leaves the deleted alone, CLOSE takes them silently.
ok(c.store("1", "+FLAGS.SILENT", "\\Deleted"))
ok(c.unselect())
equal(c.state, "AUTH")
equal(status(c, "INBOX", "(MESSAGES)"), {"MESSAGES": 2})
ok(c.select())
ok(c.close())
equal(c.response("EXPUNGE")[1], [None])
equal(status(c, "INBOX", "(MESSAGES)"), {"MESSAGES": 1})
finish(c)
