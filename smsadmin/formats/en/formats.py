"""English formats for Django's own pages, such as a change log: Django's formats plus the name of the time zone.

Our own pages use `smsadmin.lib.dates`, which always includes the name.
"""

DATE_FORMAT = "M j, Y"
TIME_FORMAT = "g:i A"
DATETIME_FORMAT = "M j, Y, g:i A T"
SHORT_DATETIME_FORMAT = "m/d/Y g:i A T"
