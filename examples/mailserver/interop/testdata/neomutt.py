"""Works neomutt on a terminal: neomutt.py HOME RC. Opens INBOX, reads a message,
flags it, saves another to a folder, writes the changes and leaves. With a third
argument it opens INBOX, waits until that text is shown, and leaves."""

import os
import pty
import select
import sys
import time

home, rc, *look = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", COLUMNS="100", LINES="40", HOME=home)
    os.execvp("neomutt", ["neomutt", "-n", "-F", rc])

seen = b""


def expect(text):
    """Waits until the screen has shown text since the last keys."""
    global seen
    end = time.time() + 20
    while text not in seen:
        if time.time() > end:
            sys.exit("neomutt does not show %r but %r" % (text, seen[-2000:]))
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                sys.exit("neomutt ended; it showed %r" % seen[-2000:])


def press(keys):
    global seen
    seen = b""
    os.write(terminal, keys)


def settle():
    """Waits until nothing has been drawn for a second: curses draws only what
    changes, so that the text to expect is not known."""
    end = time.time() + 20
    while time.time() < end and select.select([terminal], [], [], 1)[0]:
        try:
            os.read(terminal, 65536)
        except OSError:
            return


if look:
    expect(look[0].encode())
    settle()
else:
    expect(b"first letter")
    press(b"1\r\r")
    expect(b"body of first letter")
    press(b"i")
    expect(b"second letter")
    settle()
    press(b"F")
    settle()
    press(b"3\rs")
    expect(b"Save to mailbox")
    press(b"\x15=Box\r")
    settle()
    press(b"$")
    settle()
press(b"q")
end = time.time() + 20
while os.waitpid(pid, os.WNOHANG) == (0, 0):
    if time.time() > end:
        sys.exit("neomutt does not end; it shows %r" % seen[-2000:])
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            pass
