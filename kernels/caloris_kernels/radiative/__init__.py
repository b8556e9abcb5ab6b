"""View factors, visibility, radiosity and planetary heating."""
