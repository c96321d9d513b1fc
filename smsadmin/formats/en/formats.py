"""English for the pages that are Django's, such as a history: its own formats, with the zone's name behind a time.

Our own pages use `smsadmin.lib.dates`, which leaves the name out at no time.
"""

DATETIME_FORMAT = "N j, Y, P T"
SHORT_DATETIME_FORMAT = "m/d/Y P T"
