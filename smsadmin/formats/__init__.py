"""Date and time formats of pages: settings.FORMAT_MODULE_PATH, which overrides Django's own formats."""
