"""English formats for Django's own pages, such as a change log: Django's formats plus the name of the time zone.

Our own pages use `smsadmin.lib.dates`, which always includes the name.
"""

DATETIME_FORMAT = "N j, Y, P T"
SHORT_DATETIME_FORMAT = "m/d/Y P T"
