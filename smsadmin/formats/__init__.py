"""How dates and times are written on pages: settings.FORMAT_MODULE_PATH, read before Django's own formats."""
