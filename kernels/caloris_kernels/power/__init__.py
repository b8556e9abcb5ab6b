"""Solar cells, batteries and the bus."""
