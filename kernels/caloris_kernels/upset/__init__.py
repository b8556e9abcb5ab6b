"""Single-event-upset rates."""
