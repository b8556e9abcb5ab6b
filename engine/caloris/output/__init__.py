"""The run file, tables and pictures."""
