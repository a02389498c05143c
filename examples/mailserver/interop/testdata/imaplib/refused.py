"""What imaplib knows and this server does not announce: each is answered NO or BAD and
the session goes on. partial is of an older IMAP; acl, annotation, sort and thread are
extensions; proxyauth is one vendor's."""

from session import *

CALLS = (
    ("setacl", "INBOX", "bob", "lrs"),
    ("deleteacl", "INBOX", "bob"),
    ("getacl", "INBOX"),
    ("myrights", "INBOX"),
    ("setannotation", "INBOX", '"/comment"', '("value.priv" "x")'),
    ("getannotation", "INBOX", '"/comment"', '"value.priv"'),
    ("proxyauth", "bob"),
    ("partial", "1", "RFC822", "1", "10"),
    ("sort", "(SUBJECT)", "UTF-8", "ALL"),
    ("thread", "REFERENCES", "UTF-8", "ALL"),
    ("xatom", "X-NOBODY-KNOWS", "(a {b)", '"c"'),
)
ANNOUNCED = {
    "setacl": "ACL",
    "deleteacl": "ACL",
    "getacl": "ACL",
    "myrights": "ACL",
    "sort": "SORT",
    "thread": "THREAD=REFERENCES",
}

for method, *args in CALLS:
    c = login()
    if ANNOUNCED.get(method) in ok(c.capability())[0].decode().split():
        raise AssertionError("%s is announced: test what %s does" % (ANNOUNCED[method], method))
    if "SELECTED" in imaplib.Commands.get(method.upper(), ()) and method != "proxyauth":
        add(c, "something")
        ok(c.select())
    text = refused(getattr(c, method), *args)
    assert text.strip(), (method, text)
    ok(c.noop())
    equal(c.logout()[0], "BYE")
print("ok")
