"""The case file: text to a checked case, and a case to models."""
