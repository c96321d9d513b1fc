"""The backend of tests under a name that pages take for Twilio's."""

from messaging.backends.locmem import LocmemBackend


class TwilioLikeBackend(LocmemBackend):
    pass
