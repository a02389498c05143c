"""IDLE, which imaplib has no method for in every version: one connection idles while the
other changes the folder, and hears of each change at once."""

from session import *


class Idle:
    """IDLE by hand, RFC 2177."""

    def __init__(self, c):
        self.c = c
        self.tag = c._new_tag()
        c.send(self.tag + b" IDLE\r\n")
        line = c.readline()
        assert line.startswith(b"+"), line

    def until(self, pattern):
        """Reads responses up to one that matches."""
        while True:
            line = self.c.readline()
            assert line.startswith(b"* "), line
            if re.fullmatch(pattern, line.rstrip(b"\r\n")):
                return line

    def done(self):
        self.c.send(b"DONE\r\n")
        while True:
            line = self.c.readline()
            if not line.startswith(b"* "):
                break
        assert line.startswith(self.tag + b" OK"), line


watcher, actor = login(), login()
add(actor, "m1")
add(actor, "m2")
ok(watcher.select())
ok(actor.select())

idle = Idle(watcher)
add(actor, "m3")
idle.until(rb"\* 3 EXISTS")
ok(actor.noop())
ok(actor.store("2", "+FLAGS", "(\\Flagged)"))
line = idle.until(rb"\* 2 FETCH \(.*\)")
assert b"\\Flagged" in line, line
ok(actor.store("1", "+FLAGS", "(\\Deleted)"))
idle.until(rb"\* 1 FETCH \(.*\\Deleted.*\)")
ok(actor.expunge())
idle.until(rb"\* 1 EXPUNGE")
ok(actor.create("Archive"))
ok(actor.uid("MOVE", "2", "Archive"))
idle.until(rb"\* 1 EXPUNGE")
idle.done()

# Afterwards the numbers are those of both, and the next IDLE works as the first did.
for c in (watcher, actor):
    equal(ok(c.uid("SEARCH", "ALL")), [b"3"])
idle = Idle(watcher)
idle.done()
idle = Idle(watcher)
add(actor, "m4")
idle.until(rb"\* 2 EXISTS")
idle.done()

# Also without a folder.
ok(actor.unselect())
idle = Idle(actor)
idle.done()

# Anything but DONE ends it with BAD, and is not run.
tag = actor._new_tag()
actor.send(tag + b" IDLE\r\n")
assert actor.readline().startswith(b"+")
actor.send(b"x1 CREATE Sneaked\r\n")
line = actor.readline()
assert line.startswith(tag + b" BAD"), line
equal(sorted(listed(ok(actor.list()))), ["Archive", "INBOX"])
finish(watcher, actor)
