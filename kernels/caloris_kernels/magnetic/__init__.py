"""The Earth's magnetic field, its field lines and drift shells, and the cutoff rigidities that follow from them."""
