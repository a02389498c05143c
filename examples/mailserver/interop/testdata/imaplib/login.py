"""capability, starttls, login, login_cram_md5, authenticate, noop, logout, xatom for ID,
enable, namespace."""

from session import *


def capabilities(c):
    return set(ok(c.capability())[0].decode().upper().split())


def imaplib_error(call, *args):
    """The text of the exception that a refused login ends in."""
    try:
        call(*args)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as err:
        return str(err)
    raise AssertionError("%r succeeds" % (args,))


# What is announced before login. The peer is on the same machine, so passwords are
# welcome also in the clear.
c = connect()
before = capabilities(c)
for name in ("IMAP4REV1", "AUTH=PLAIN", "SASL-IR", "ID"):
    assert name in before, (name, before)
assert "LITERAL+" in before or "LITERAL-" in before, before
assert "LOGINDISABLED" not in before, before
equal("STARTTLS" in before, TRANSPORT == "plain")
if TRANSPORT != "plain":
    refused(c.xatom, "STARTTLS")
ok(c.noop())
ok(c.xatom("ID", '("name" "imaplib" "version" NIL)'))
match(rb"\(.*\)|NIL", c.response("ID")[1][0])
equal(c.state, "NONAUTH")

# What must fail, without the server's telling a wrong user from a wrong password. The
# number of attempts on a connection is small, as a server may count them.
wrong = imaplib_error(c.login, USER, PASSWORD + "x")
unknown = imaplib_error(c.login, "nobody", PASSWORD)
assert "AUTHENTICATIONFAILED" in wrong, wrong
equal(unknown, wrong)
c.shutdown()

c = connect()
error = imaplib_error(c.authenticate, "PLAIN", lambda challenge: "\0%s\0wrong" % USER)
assert "AUTHENTICATIONFAILED" in error, error
imaplib_error(c.authenticate, "PLAIN", lambda challenge: None)  # cancels with "*"
imaplib_error(c.authenticate, "PLAIN", lambda challenge: b"no separators")
c.shutdown()

c = connect()
assert "AUTHENTICATIONFAILED" in imaplib_error(c.login_cram_md5, USER, PASSWORD + "x")
assert "AUTHENTICATIONFAILED" in imaplib_error(c.login_cram_md5, "nobody", PASSWORD)
imaplib_error(c.authenticate, "X-UNKNOWN", lambda challenge: b"")
equal(c.state, "NONAUTH")
ok(c.login(USER, PASSWORD))
equal(c.state, "AUTH")
c.shutdown()

c = connect()
ok(c.login_cram_md5(USER, PASSWORD))
equal(c.state, "AUTH")

# What is announced afterwards.
after = capabilities(c)
for name in ("IMAP4REV1", "UIDPLUS", "MOVE", "IDLE", "UNSELECT", "NAMESPACE", "SPECIAL-USE", "ENABLE", "CHILDREN", "ID"):
    assert name in after, (name, after)
assert "LITERAL+" in after or "LITERAL-" in after, after
assert "STARTTLS" not in after, after
for command in (("LOGIN", USER, "x"), ("AUTHENTICATE", "PLAIN"), ("STARTTLS",)):
    pretend(c, "NONAUTH")
    refused(c.xatom, *command)
pretend(c, "AUTH")

match(rb'\(\("" "."\)\) NIL NIL', ok(c.namespace())[0])
ok(c.enable("X-NOBODY-KNOWS-THIS"))
equal((c.response("ENABLED")[1][0] or b"").strip(), b"")
ok(c.xatom("ID", "NIL"))
ok(c.noop())
equal(c.logout()[0], "BYE")

# The mechanisms, with what they ask.
challenges = []


def answer(*replies):
    todo = list(replies)

    def next_answer(challenge):
        challenges.append(challenge)
        return todo.pop(0)

    return next_answer


c = connect()
ok(c.authenticate("PLAIN", answer("\0%s\0%s" % (USER, PASSWORD))))
equal(challenges, [b""])
equal(c.state, "AUTH")
ok(c.list())
equal(c.logout()[0], "BYE")

if "AUTH=LOGIN" in before:
    c = connect()
    ok(c.authenticate("LOGIN", answer(USER, PASSWORD)))
    equal(len(challenges), 3)
    equal(c.logout()[0], "BYE")

# An authorization identity is fine if it is one's own.
c = connect()
ok(c.authenticate("PLAIN", lambda challenge: "%s\0%s\0%s" % (USER, USER, PASSWORD)))
equal(c.logout()[0], "BYE")

# Somebody else's is not.
c = connect()
imaplib_error(c.authenticate, "PLAIN", lambda challenge: "root\0%s\0%s" % (USER, PASSWORD))
ok(c.login(USER, PASSWORD))
finish(c)
