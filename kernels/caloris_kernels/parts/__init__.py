"""Parts of a network: laws that couple the states of one element of a group."""
