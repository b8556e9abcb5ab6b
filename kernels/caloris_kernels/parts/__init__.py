"""What the laws of equipment have in common: heat between a few states, and heat made of electrical power."""
