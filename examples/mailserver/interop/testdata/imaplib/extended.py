"""What the extensions of the base set and IMAP4rev2 add, spoken as imaplib passes it on."""

from session import *


def ask(c, name, *args):
    """Sends a command and returns its untagged responses of the same name."""
    for kind in ("LIST", "ESEARCH", "STATUS", "ENABLED", "FETCH", "SEARCH"):
        c.response(kind)  # forgets what was told before
    ok(c._simple_command(name, *args))
    return lambda kind: [line.decode() if isinstance(line, bytes) else line for line in c.response(kind)[1] if line is not None]


def esearch(c, command, *args):
    """The one ESEARCH of a search, behind its tag."""
    lines = ask(c, command, *args)("ESEARCH")
    equal(len(lines), 1)
    return match(r'\(TAG "[^"]*"\)(.*)', lines[0]).group(1).strip()


c = login()
c._get_capabilities()
for name in (
    "IMAP4REV2 ENABLE LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE ESEARCH SEARCHRES BINARY WITHIN "
    "STATUS=SIZE APPENDLIMIT UIDPLUS MOVE UNSELECT NAMESPACE CHILDREN LITERAL+ IDLE ID"
).split():
    assert name in c.capabilities, (name, c.capabilities)

# CREATE-SPECIAL-USE, LIST-EXTENDED, LIST-STATUS.
ask(c, "CREATE", "Waste", "(USE (\\Trash))")
refused(c._simple_command, "CREATE", "Waste2", "(USE (\\Trash))")
for name in ("Fruit", "Fruit/Apple", "Fruit/Pear/Green"):
    ok(c.create(name))
ok(c.subscribe("Fruit/Apple"))
ok(c.subscribe("gone"))
tell = ask(c, "LIST", "(SPECIAL-USE)", '""', "*")
equal(listed([line.encode() for line in tell("LIST")]), {"Waste": ["\\HasNoChildren", "\\Trash"]})
tell = ask(c, "LIST", '""', "%", "RETURN", "(SUBSCRIBED CHILDREN)")
equal(
    listed([line.encode() for line in tell("LIST")]),
    {"INBOX": ["\\HasNoChildren"], "Fruit": ["\\HasChildren"], "Waste": ["\\HasNoChildren", "\\Trash"]},
)
tell = ask(c, "LIST", "(SUBSCRIBED RECURSIVEMATCH)", '""', "(Fruit gone)")
equal(sorted(name.split(" ")[-1] if "CHILDINFO" not in name else "Fruit" for name in tell("LIST")), ["Fruit", "gone"])
add(c, "one", "Fruit")
add(c, "two", "Fruit")
tell = ask(c, "LIST", '""', "(Fruit Fruit/%)", "RETURN", "(STATUS (MESSAGES UIDNEXT SIZE))")
size = status(c, "Fruit", "(SIZE)")["SIZE"]
equal(len(tell("LIST")), 3)

# STATUS=SIZE and APPENDLIMIT.
equal(status(c, "Fruit", "(MESSAGES SIZE APPENDLIMIT)"), {"MESSAGES": 2, "SIZE": size, "APPENDLIMIT": 67108864})

# ESEARCH, SEARCHRES and WITHIN.
for subject in ("a", "b", "c", "d"):
    add(c, subject)
add(c, "old", date='"10-Jan-2020 12:00:00 +0000"')
ok(c.select())
ok(c.store("2:3", "+FLAGS.SILENT", "(\\Flagged)"))
equal(esearch(c, "SEARCH", "RETURN", "(MIN MAX COUNT ALL)", "FLAGGED"), "MIN 2 MAX 3 COUNT 2 ALL 2:3")
equal(esearch(c, "UID", "SEARCH", "RETURN", "()", "UNFLAGGED"), "UID ALL 1,4:5")
equal(esearch(c, "SEARCH", "RETURN", "(COUNT)", "ANSWERED"), "COUNT 0")
equal(ask(c, "SEARCH", "RETURN", "(SAVE)", "FLAGGED")("ESEARCH"), [])
equal(esearch(c, "SEARCH", "RETURN", "(ALL)", "NOT", "$"), "ALL 1,4:5")
ok(c.store("$", "+FLAGS", "(\\Answered)"))
equal(ok(c.search(None, "ANSWERED")), [b"2 3"])
ok(c.copy("$", "Waste"))
equal(status(c, "Waste", "(MESSAGES)"), {"MESSAGES": 2})
equal(ok(c.search(None, "YOUNGER", "3600")), [b"1 2 3 4"])
equal(ok(c.search(None, "OLDER", "3600")), [b"5"])

# BINARY: a part decoded, its size, and a message with NUL.
text = b"Gr\xc3\xbc\xc3\x9fe aus K\xc3\xb6ln\r\n"
ok(c.append("INBOX", None, None, b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"R3LDvMOfZSBhdXMgS8O2bG4NCg==\r\n"))
ok(c.noop())
equal(literal(ok(c.fetch("6", "(BINARY.PEEK[1])"))), text)
equal(ok(c.fetch("6", "(BINARY.SIZE[1])")), [b"6 (BINARY.SIZE[1] %d)" % len(text)])
equal(literal(ok(c.fetch("6", "(BINARY.PEEK[1]<5.4>)"))), text[5:9])
nul = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b"
tag = c._new_tag()
c.send(tag + b" APPEND INBOX ~{%d+}\r\n" % len(nul) + nul + b"\r\n")
equal(c._command_complete("APPEND", tag)[0], "OK")
ok(c.noop())
c.send((tag := c._new_tag()) + b" FETCH 7 (BINARY.PEEK[1])\r\n")
equal(c.readline(), b"* 7 FETCH (BINARY[1] ~{3}\r\n")
equal(c.read(3) + c.readline(), b"a\0b)\r\n")
assert c.readline().startswith(tag + b" OK")
del c.tagged_commands[tag]

# IMAP4rev2: names in UTF-8, ESEARCH for every SEARCH, no RECENT, CLOSED.
d = login()
equal(ask(d, "ENABLE", "IMAP4rev2")("ENABLED"), ["IMAP4rev2"])
d._encoding = "utf-8"
ok(d.create('"Entwürfe/台北"'))
tell = ask(d, "LIST", '""', '"Entwürfe*"')
equal([line.split(" ")[-1].strip('"') for line in tell("LIST")], ["Entwürfe", "Entwürfe/台北"])
ok(d.select("INBOX"))
equal(d.response("RECENT")[1], [None])
equal(esearch(d, "SEARCH", "FLAGGED"), "ALL 2:3")
assert "BAD" in refused(d._simple_command, "SEARCH", "RECENT")
equal(status(d, '"Entwürfe"', "(MESSAGES DELETED SIZE)"), {"MESSAGES": 0, "DELETED": 0, "SIZE": 0})
ask(d, "SELECT", "Waste")
equal(d.state, "SELECTED")
ok(d.unselect())

# The other client sees the name in the encoding that it knows.
equal([n for n in listed(ok(c.list('""', '"Ent*"')))], ["Entw&APw-rfe", "Entw&APw-rfe/&U,BTFw-"])
finish(c, d)
