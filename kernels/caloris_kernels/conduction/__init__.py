"""Heat conduction along surfaces and across links."""
