"""Addresses without their secrets, for logs and reports."""

import re

# who logs in, in an address; and each value of its query, with its name where it has one
_USERINFO = re.compile(r"(?<=://)[^/?#]*@")
_QUERY_VALUE = re.compile(r"(?<=[?&])([^=&#]*=)?[^&#]*")


def masked(text: str) -> str:
    """`text` with *** for what may be secret in a URL: the userinfo and the values of the query."""
    if "://" not in text:
        return text
    return _QUERY_VALUE.sub(r"\1***", _USERINFO.sub("***@", text))
