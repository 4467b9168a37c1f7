"""The studio: a REST API that other programs know how to use, and a page for people."""
