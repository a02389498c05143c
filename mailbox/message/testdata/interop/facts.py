"""What Python's email package understands of the messages in a directory.

Prints one JSON object: for each file its facts by name. A fact that Python has no opinion
on is left out: text in a charset that it does not know or that is not valid in it, a date
that it can not read, the content of what it takes apart and can not put together again.
A fact that it fails to tell is "!" and the exception.

The structure, contents and texts are those of the compat32 policy, which reads octets as
they are; what header fields say is that of the default policy, which knows their grammar.
"""

import base64
import email
import email.policy
import json
import os
import sys
from datetime import timezone

LISTS = ("from", "sender", "reply-to", "to", "cc", "bcc")


def size(part):
    """The octets of a body as they came; get_payload would decode those above 127."""
    return len((part._payload or "").encode("ascii", "surrogateescape"))


def readable(text):
    """Text whose raw octets are UTF-8 where they can be."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fields(part, name):
    """The fields of a name, read by the default policy."""
    return [email.policy.default.header_fetch_parse(n, v) for n, v in part.raw_items() if n.lower() == name]


def is_message(part):
    return part.get_content_type() in ("message/rfc822", "message/global")


class Facts(dict):
    def tell(self, name, function):
        try:
            value = function()
        except Exception as e:
            value = "!" + type(e).__name__
        if value is not None:
            self[name] = value

    def entity(self, path, part):
        """The facts of a part at a path of part numbers."""
        self.tell(path + " type", part.get_content_type)
        self.tell(path + " params", lambda: params(part, "content-type"))
        self.tell(path + " disposition", lambda: params(part, "content-disposition"))
        if part.get_content_maintype() == "multipart":
            # One without parts has one in IMAP, its content (RFC 9051 §9, body-type-mpart).
            below = part.get_payload() if part.is_multipart() else []
            self[path + " parts"] = max(1, len(below))
            for i, p in enumerate(below):
                self.entity("%s.%d" % (path, i + 1), p)
            if isinstance(part._payload, str):
                self[path + ".1 raw"] = size(part)
        elif is_message(part) and part.is_multipart():
            self.message(path + ".m", part.get_payload(0))
        elif not part.is_multipart():
            self[path + " raw"] = size(part)
            self.tell(path + " content", lambda: base64.b64encode(part.get_payload(decode=True)).decode())
            if part.get_content_maintype() == "text":
                self.tell(path + " text", lambda: text(part))

    def message(self, path, msg):
        self.tell(path + " subject", lambda: subject(msg))
        self.tell(path + " date", lambda: date(msg))
        for name in LISTS:
            self.tell(path + " " + name, lambda: addresses(msg, name))
        self.entity(path, msg)


def subject(msg):
    for field in fields(msg, "subject"):
        return readable(str(field)).strip()


def date(msg):
    for field in fields(msg, "date"):
        found = field.datetime
        if found is None:
            return None
        if found.tzinfo is None:  # -0000
            found = found.replace(tzinfo=timezone.utc)
        return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def addresses(msg, name):
    out = []
    for field in fields(msg, name):
        for group in field.groups:
            if group.display_name is not None:
                out.append("group " + readable(group.display_name))
            for a in group.addresses:
                out.append(readable("%s <%s@%s>" % (a.display_name, a.username, a.domain)))
            if group.display_name is not None:
                out.append("end of group")
    return out or None


def params(part, name):
    for field in fields(part, name):
        return {key.lower(): readable(value) for key, value in field.params.items()} or None


def text(part):
    charset = part.get_content_charset() or "us-ascii"
    try:
        return part.get_payload(decode=True).decode(charset)
    except (LookupError, ValueError):
        return None


def facts(octets):
    out = Facts()
    out.message("m", email.message_from_bytes(octets, policy=email.policy.compat32))
    return out


result = {}
for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "rb") as f:
        result[name] = facts(f.read())
json.dump(result, sys.stdout, indent=1)
