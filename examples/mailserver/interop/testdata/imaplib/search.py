"""search and uid SEARCH: every key of RFC 3501 §6.4.4, with and without a charset."""

from session import *

MESSAGES = (
    # flags, internal date, message
    (
        "(\\Seen \\Answered)",
        '"10-Jan-2020 12:00:00 +0000"',
        "Date: Thu, 9 Jan 2020 23:30:00 -0500\r\nFrom: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
        "Cc: carol@example.com\r\nSubject: first of all\r\nX-Mark: blue\r\n\r\nThe quick brown fox\r\n",
    ),
    (
        "(\\Flagged urgent)",
        '"20-Feb-2020 12:00:00 +0000"',
        "Date: Thu, 20 Feb 2020 12:00:00 +0000\r\nFrom: bob@example.org\r\nTo: Ann <ann@example.org>\r\n"
        "Bcc: dave@example.net\r\nSubject: second FIRST\r\nX-Mark:\r\n\r\njumps over\r\n",
    ),
    (
        "(\\Deleted \\Draft)",
        '"30-Mar-2020 12:00:00 +0000"',
        "Date: Mon, 30 Mar 2020 12:00:00 +0000\r\nFrom: =?iso-8859-1?q?J=FCrgen?= <j@example.org>\r\n"
        "Subject: =?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "Ein Caf=E9 f=FCr den f=\r\naulen Hund\r\n",
    ),
    (
        None,
        '"30-Mar-2020 13:00:00 +0000"',
        "Date: Mon, 30 Mar 2020 13:00:00 +0000\r\nFrom: ann@example.org\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + "padding " * 500 + "\r\n--b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "0YHQutGA0YvRgtC+0LUg0YHQu9C+0LLQvg==\r\n--b--\r\n",
    ),
)

c = login()
for flag, date, message in MESSAGES:
    ok(c.append("INBOX", flag, date, message.encode()))
equal(ok(c.select()), [b"4"])
sizes = [len(message) for _, _, message in MESSAGES]
uid = [n.decode() for n in ok(c.uid("SEARCH", "ALL"))[0].split()]

TESTS = (
    ("ALL", "1 2 3 4"),
    ("ANSWERED", "1"),
    ("UNANSWERED", "2 3 4"),
    ("DELETED", "3"),
    ("UNDELETED", "1 2 4"),
    ("DRAFT", "3"),
    ("UNDRAFT", "1 2 4"),
    ("FLAGGED", "2"),
    ("UNFLAGGED", "1 3 4"),
    ("SEEN", "1"),
    ("UNSEEN", "2 3 4"),
    ("KEYWORD urgent", "2"),
    ("KEYWORD URGENT", "2"),
    ("KEYWORD nobody", ""),
    ("UNKEYWORD urgent", "1 3 4"),
    ("RECENT", "1 2 3 4"),
    ("NEW", "2 3 4"),
    ("OLD", ""),
    # Strings are found anywhere, in any letters.
    ("FROM ann", "1 4"),
    ("FROM ANN@EXAMPLE", "1 4"),
    ("TO ann", "2"),
    ("CC carol", "1"),
    ("BCC dave", "2"),
    ("SUBJECT first", "1 2"),
    ('SUBJECT "of all"', "1"),
    ('BODY "brown FOX"', "1"),
    ("BODY first", ""),
    ("TEXT first", "1 2"),
    ("TEXT jumps", "2"),
    ("HEADER X-Mark blue", "1"),
    ('HEADER x-mark ""', "1 2"),
    ("HEADER X-Other blue", ""),
    ("HEADER Subject big", "4"),
    # Dates are days, of the date as it is written.
    ("BEFORE 20-Feb-2020", "1"),
    ("ON 20-Feb-2020", "2"),
    ("SINCE 20-Feb-2020", "2 3 4"),
    ("ON 30-Mar-2020", "3 4"),
    ('BEFORE "1-Jan-2020"', ""),
    ("SENTBEFORE 10-Jan-2020", "1"),
    ("SENTON 9-Jan-2020", "1"),
    ("SENTON 10-Jan-2020", ""),
    ("SENTSINCE 30-Mar-2020", "3 4"),
    # Sizes, strictly.
    ("LARGER %d" % sizes[0], " ".join(str(i + 1) for i in range(4) if sizes[i] > sizes[0])),
    ("SMALLER %d" % sizes[0], " ".join(str(i + 1) for i in range(4) if sizes[i] < sizes[0])),
    ("LARGER 0", "1 2 3 4"),
    ("SMALLER 0", ""),
    # Numbers and UIDs.
    ("2:3", "2 3"),
    ("4,1", "1 4"),
    ("*", "4"),
    ("3:*", "3 4"),
    ("UID %s" % uid[1], "2"),
    ("UID %s:*" % uid[2], "3 4"),
    ("UID 999999", ""),
    # Combinations.
    ("NOT SEEN", "2 3 4"),
    ("NOT NOT SEEN", "1"),
    ("NOT (SEEN ANSWERED)", "2 3 4"),
    ("OR SEEN FLAGGED", "1 2"),
    ("OR OR SEEN FLAGGED DRAFT", "1 2 3"),
    ("OR (SEEN) (NOT UNSEEN)", "1"),
    ("UNSEEN FROM ann", "4"),
    ("SEEN UNSEEN", ""),
    ("(2:4 (UNDELETED (UNFLAGGED)))", "4"),
)
for criteria, want in TESTS:
    equal((criteria, ok(c.search(None, criteria))[0].decode()), (criteria, want))
    equal((criteria, ok(c.search("US-ASCII", criteria))[0].decode()), (criteria, want))
    by_uid = " ".join(uid[int(n) - 1] for n in want.split())
    equal((criteria, ok(c.uid("SEARCH", criteria))[0].decode()), (criteria, by_uid))


# Words beyond ASCII travel as literals and are found behind every encoding.
def search_utf8(key, word, *before):
    c.literal = word.encode()
    return ok(c.search("UTF-8", *before, key))[0].decode()


for key, word, want in (
    ("SUBJECT", "Grüße", "3"),
    ("SUBJECT", "köLN", "3"),
    ("FROM", "jürgen", "3"),
    ("BODY", "café", "3"),
    ("BODY", "faulen", "3"),
    ("TEXT", "скрытое", "4"),
    ("BODY", "СЛОВО", "4"),
    ("BODY", "Café am Rhein", ""),
    ("TEXT", "ö", "3"),
):
    equal((key, word, search_utf8(key, word)), (key, word, want))
equal(search_utf8("NOT SUBJECT", "grüße"), "1 2 4")
equal(search_utf8("SUBJECT", "grüße", "DELETED"), "3")
equal(search_utf8("SUBJECT", "grüße", "UNDELETED"), "")

# An unknown charset is NO, with the reason as a code; nonsense is BAD.
no(c.search("X-UNKNOWN", "SUBJECT", "x"), "[BADCHARSET")
for criteria in ("", "NOTHING", "SUBJECT", "OR SEEN", "BEFORE yesterday", "LARGER many", "(SEEN", "99 AND SEEN", "NOT"):
    try:
        reply = c.search(None, criteria)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as err:
        assert "BAD" in str(err), (criteria, err)
    else:
        raise AssertionError((criteria, reply))
finish(c)
