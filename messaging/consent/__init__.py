"""Consent in received texts: inbound handlers, the classifier, and its phrases as data by language."""
