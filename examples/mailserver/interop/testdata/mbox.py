# Prints the digest of each message of an mbox file as the module mailbox reads it,
# without the ">" that mboxrd puts before "From ".
import hashlib
import mailbox
import re
import sys

box = mailbox.mbox(sys.argv[1], create=False)
for key in box.keys():
    text = re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key))
    print(hashlib.sha256(text).hexdigest())
