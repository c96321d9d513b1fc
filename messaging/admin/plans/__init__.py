"""The plan on an event's page: what is texted about it by itself."""
