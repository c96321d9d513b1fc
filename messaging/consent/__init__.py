"""What a text says about consent: the handlers that hear it, the classifier, and its phrases as data by language."""
