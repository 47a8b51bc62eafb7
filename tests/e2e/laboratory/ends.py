"""Ends of data that are none, as the matrix of SMTP smuggling has them."""
import itertools

BEFORE = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r", b"\n\n"]
BEHIND = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n"]
OTHERS = [b"\r\n..\r\n", b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\0\n", b"\n\0.\r\n",
          b"\x0b.\r\n", b"\x0c.\r\n", b"\r\n.\x85\r\n", b"\x85.\r\n", b"\xe2\x80\xa8.\r\n", b".\r\n"]
FALSE_ENDS = [a + b"." + b for a, b in itertools.product(BEFORE, BEHIND) if (a, b) != (b"\r\n", b"\r\n")] + OTHERS
assert len(FALSE_ENDS) >= 40
