"""The stored format of phone numbers: ITU-T E.164 with the plus sign, such as "+17205550123"."""

import re
from typing import Final

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
