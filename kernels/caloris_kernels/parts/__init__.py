"""Laws of parts: what a heater, a louver, a cooler or another element does to the few states that it couples."""
